"""What OpenAPI says of every operation beside its own: the refusals that no route decides by itself."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ANYWHERE = {"429": "Too many requests from one address.", "503": "The database is busy: try again."}
_WITH_BODY = {"400": "The body is no JSON.", "413": "The body is too large."}
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the app, which has to name `Problem` itself."""
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    for methods in document["paths"].values():
        for operation in methods.values():
            refusals = _ANYWHERE | (_WITH_BODY if "requestBody" in operation else {})
            for status, description in refusals.items():
                operation["responses"].setdefault(status, {"description": description, "content": _PROBLEM})
            if "422" in operation["responses"]:
                operation["responses"]["422"]["content"] = _PROBLEM
    for name in _FASTAPIS_OWN:
        document["components"]["schemas"].pop(name, None)
    return document
