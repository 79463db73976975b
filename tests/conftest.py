"""Fixtures for every test."""

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
OFFLINE = (PROJECT / "tests" / "unit", PROJECT / "tests" / "property")


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Reference scans and published data sets that lie beside the project on some machines."""
    folder = PROJECT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("reference data are not on this machine: there is no folder 'shared' beside the project")
    return folder


@pytest.fixture(autouse=True)
def _numbers_down_to_the_smallest() -> None:
    """A job that ran in this process before has set the smallest numbers to zero, for speed; undo that."""
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Switch sockets off for tests that have no business with a network."""
    for item in items:
        if item.get_closest_marker("enable_socket") is None and any(
            folder in item.path.parents for folder in OFFLINE
        ):
            item.add_marker(pytest.mark.disable_socket)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, a service that is not there is a failure: nobody reads the list of skipped tests."""
    report = yield
    if os.environ.get("CI") and report.skipped and item.get_closest_marker("service"):
        report.outcome = "failed"
        report.longrepr = f"CI must have every service. {report.longrepr}"
    return report
