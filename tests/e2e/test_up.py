"""One command starts everything, says what is wrong, and stops cleanly."""

import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.e2e.house import House
from tests.processes import STOREHOUSE

pytestmark = pytest.mark.xdist_group("house")


def test_everything_answers_and_a_second_up_is_refused(house: House) -> None:
    settings = house.settings
    for url in (
        settings.shop_url,
        settings.dashboards_url,
        settings.dagster_url,
        f"{settings.collector_url}/healthz",
    ):
        assert httpx.get(url, follow_redirects=True).status_code == 200
    second = subprocess.run(
        [STOREHOUSE, "up"], env=house.environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "already up" in second.stderr


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    house = House(tmp_path / "var")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", house.settings.shop_port))
        taken.listen()
        refused = subprocess.run(
            [STOREHOUSE, "up"], env=house.environment, capture_output=True, text=True, check=False
        )
    assert refused.returncode == 1
    assert refused.stderr.strip().count("\n") == 0
    assert f"port {house.settings.shop_port} is taken" in refused.stderr
    assert "STOREHOUSE_SHOP_PORT" in refused.stderr


def test_a_home_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    house = House(tmp_path / "file" / "var")
    refused = subprocess.run(
        [STOREHOUSE, "up"], env=house.environment, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert refused.stderr.strip().count("\n") == 0
    assert "STOREHOUSE_HOME" in refused.stderr
