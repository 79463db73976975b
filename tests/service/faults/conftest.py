"""Served instances, made once for all tests that may strike them: each test has readers of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.instances import make_instance
from tests.service.faults import web as webs
from tests.service.faults.postgresql import Cluster, own_cluster
from tests.service.faults.small_disk import SmallDisk, small_disk
from tests.service.faults.web import Web

ENVIRONMENT = {
    "DJANGO_ALLOWED_HOSTS": "127.0.0.1,testserver",
    "SQLITE_WAIT_SECONDS": "1",
    "WEB_WORKERS": "1",
    "READERSTUDY_ENV_FILE": "",
}


@pytest.fixture(scope="session")
def web_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """An instance on SQLite, with two web processes, on a small disk where one can be had."""
    with small_disk(tmp_path_factory.mktemp("sqlite") / "disk", n_bytes=90_000_000) as disk:
        instance = make_instance(disk.folder / "data", **ENVIRONMENT | {"WEB_WORKERS": "2"})
        for web in webs.serve(instance, n_readers=14):
            web.disk = disk
            yield web


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of the tests' own."""
    with own_cluster() as found:
        yield found


@pytest.fixture(scope="session")
def web_on_postgresql(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Iterator[Web]:
    """An instance on that server."""
    folder = tmp_path_factory.mktemp("postgresql") / "data"
    instance = make_instance(folder, DATABASE_URL=cluster.url, **ENVIRONMENT)
    yield from webs.serve(instance, n_readers=14)


@pytest.fixture
def sqlite_web(web_on_sqlite: Web) -> Web:
    """The first of them, which answers."""
    return web_on_sqlite.restored()


@pytest.fixture
def postgresql_web(web_on_postgresql: Web) -> Web:
    """The second, which answers."""
    return web_on_postgresql.restored()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def web(request: pytest.FixtureRequest) -> Web:
    """Each kind of database in turn."""
    found: Web = request.getfixturevalue(f"{request.param}_web")
    return found


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A small disk, with nothing on it."""
    with small_disk(tmp_path / "disk", n_bytes=16_000_000) as found:
        found.skip_if_refused()
        yield found
