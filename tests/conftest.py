"""Fixtures for every test."""

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

# Tests run side by side, and threads that wait for each other cost more than all they compute: one is enough, for torch
# and scipy, which are not loaded yet, for the processes that tests start, and for numpy, which Django has loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
threadpool_limits(int(os.environ["OMP_NUM_THREADS"]))

# A law holds on a machine that has other work, too: nobody looks at how long an example takes.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

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
    """Switch sockets off for tests that have no business with a network; put files that take long first.

    Where several processes share the work, each takes file after file, and none should begin a long one when the others
    are at the end. Those with a browser come last: its driver leaves an event loop in the process, beside which Django
    lets nobody use the database.
    """
    long_ones = {item.path for item in items if item.get_closest_marker("slow")}
    with_browser = {item.path for item in items if item.get_closest_marker("browser")}
    items.sort(key=lambda item: (item.path in with_browser, item.path not in long_ones))
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
