"""Dagster's folder: its configuration is written from Settings, so nobody edits it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.serving import replace_file
from settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

# Runs start without a queue, so no daemon is needed; the warehouse's lock is what they wait for. Nothing
# leaves the machine. Old ticks are dropped.
CONFIGURATION = """\
storage:
  sqlite:
    base_dir: {home}/storage
run_coordinator:
  module: dagster._core.run_coordinator
  class: DefaultRunCoordinator
run_launcher:
  module: dagster._core.launcher
  class: DefaultRunLauncher
compute_logs:
  module: dagster._core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config:
    base_dir: {home}/logs
retention:
  schedule:
    purge_after_days: 7
  sensor:
    purge_after_days: 7
telemetry:
  enabled: false
"""


def prepare(settings: Settings) -> None:
    """Write dagster.yaml, and tell this process and its children where it is."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    configuration = CONFIGURATION.format(home=settings.dagster_home)
    path = settings.dagster_home / "dagster.yaml"
    if not path.exists() or path.read_text() != configuration:
        replace_file(path, configuration)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ["STOREHOUSE_HOME"] = str(settings.home)


@contextmanager
def open_instance(settings: Settings) -> Iterator["DagsterInstance"]:
    """The Dagster instance that the web page shows."""
    from dagster import DagsterInstance

    prepare(settings)
    with DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        yield instance
