"""A hundred readers at once against three web processes that share a database and a bucket, and no folder."""

import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from generation.core.patch_set import sha256_of_file
from tests.instances import Instance, make_instance, new_postgresql_database
from tests.many_readers import make_links, read_all, stored, web_processes

pytestmark = [pytest.mark.service, pytest.mark.enable_socket, pytest.mark.timeout(900)]

N_READERS = 100
N_TRIALS = 4
N_PROCESSES = 3


def test_every_answer_is_stored_once_and_in_order(s3_server: str, tmp_path: Path) -> None:
    from tests.s3_server import new_bucket  # an import of a second

    shared = {**new_bucket(s3_server).environment, "DJANGO_SECRET_KEY": "the same on every machine"}
    with new_postgresql_database() as url:
        desk = make_instance(tmp_path / "desk", DATABASE_URL=url, **shared)
        links = make_links(desk, N_READERS)  # which freezes the study here
        machines = [
            make_instance(tmp_path / f"web-{number}", DATABASE_URL=url, **shared)
            for number in range(N_PROCESSES)
        ]
        for machine in machines:
            shutil.copytree(desk.data / "staticfiles", machine.data / "staticfiles")
        with web_processes(machines, tmp_path) as addresses:
            readers = read_all(addresses, links)
        found = stored(desk)
    [frozen] = _pixels(desk)
    assert [_pixels(machine) for machine in machines] == [[frozen]] * N_PROCESSES  # each has fetched them
    assert [error for reader in readers for error in reader.errors] == []
    assert "Nothing differs" in found["verified"]
    assert found["states"] == {"finished": N_READERS}
    assert found["n_responses"] == N_READERS * N_TRIALS
    by_session: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for session, token, position, answer in found["answers"]:  # in the order in which the answers came
        by_session[session].append((token, position, answer))
    for reader in readers:
        told = by_session.pop(reader.session.split("/")[3])
        assert [position for _, position, _ in told] == list(range(1, N_TRIALS + 1))
        assert [(token, answer) for token, _, answer in told] == list(reader.sent.items())
    assert not by_session


def _pixels(machine: Instance) -> list[str]:
    """SHA-256 of the pixels of every study that lie in a data folder, whether frozen there or fetched."""
    return [sha256_of_file(path) for path in machine.data.rglob("cases.npy") if path.is_file()]
