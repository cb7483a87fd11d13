"""Whatever is sent to the API, also what it was never meant for, the answer is one that OpenAPI describes."""

from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def described(client: TestClient) -> Any:
    # Without its list of boundary cases, which takes longer than all random ones together.
    config = schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": False}}})
    return schemathesis.openapi.from_asgi(
        "/api/v1/openapi.json", _without_lifespan(client.app), config=config
    )


def _without_lifespan(app: Any) -> Any:
    """Schemathesis would keep the shop open, with all it does by itself, until the process ends."""

    async def only_requests(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("no lifespan")
        await app(scope, receive, send)

    return only_requests


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_answer_is_described(case: Any, staff: dict[str, str]) -> None:
    case.validate_response(case.call(headers=staff), checks=CHECKS)
