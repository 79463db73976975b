"""Workers are killed with SIGKILL in the middle of every kind of job, and in the moments that hurt most."""

import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from readerstudy.services.letters import UNKNOWN_OUTCOME
from tests.instances import make_instance
from tests.scans import make_patient_folder
from tests.service.faults.forks import Forks, forks_of

pytestmark = [pytest.mark.enable_socket, pytest.mark.slow, pytest.mark.timeout(900)]

LIMITS = {
    "generation.TrainingRun": 121
}  # seconds after which a silent job is queued again; 601 for all others


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    folder = tmp_path_factory.mktemp("kills")
    for number in (1, 2):
        make_patient_folder(folder / "scans" / f"P0{number}", seed=number)
    with forks_of(make_instance(folder / "data"), folder / "forks") as forks:
        forks.ask("migrate")
        yield forks


def die(place: str, call: int = 1, when: str = "before") -> dict[str, Any]:
    return {"place": place, "call": call, "when": when}


WRITER = "generation.core.patch_set.PatchSetWriter"
KILLS = {
    "import, second patient": ("imports", die("generation.core.breast_mask.find_and_write", 2)),
    "import, files named and rows not stored": ("imports", die("pathlib.Path.rename", 1, "after")),
    "training, checkpoint written and its row not": (
        "trainings", die("generation.services.training_runs.record_checkpoint", 2),
    ),
    "training, before the first checkpoint": ("trainings", die("generation.core.checkpoint.save")),
    "sampling, half of the patches": ("samplings", die(f"{WRITER}.add", 3)),
    "sampling, files named and row not finished": ("samplings", die(f"{WRITER}.finish", 1, "after")),
    "sampling, before its pool is offered": ("samplings", die("readerstudy.services.pools.create")),
    "scoring": ("scorings", die("generation.services.jobs.report", 3)),
    "scoring, computed and not stored": ("scorings", die("generation.services.jobs.finish")),
    "analysis, some of the files replaced": ("analyses", die("pathlib.Path.replace", 3)),
    "analysis, before it is looked whether it is to be renewed": (
        "analyses", die("evaluation.services.study_analyses.renew_if_closed_meanwhile"),
    ),
    "look at patches, while it unpacks": ("looks", die("generation.core.foreign.files.arranged")),
    "look at patches, unpacked and not looked at": ("looks", die("generation.core.foreign.survey.look")),
    "patch import, half of the patches": ("copies", die(f"{WRITER}.add", 1, "after")),
    "patch import, files named and row not finished": ("copies", die(f"{WRITER}.finish", 1, "after")),
}  # fmt: skip


class Postbox(socketserver.ThreadingTCPServer):
    """A mail server that takes everything and notes for whom it was."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: list[str] = []


class _Session(socketserver.StreamRequestHandler):
    """RFC 5321, as much of it as is needed."""

    def handle(self) -> None:
        self._say("220 postbox")
        address = ""
        for line in self.rfile:
            word = line.strip().upper()
            if word.startswith(b"RCPT"):
                address = line.decode().partition("<")[2].partition(">")[0]
            if word == b"DATA":
                self._say("354 go on")
                while self.rfile.readline().strip() != b".":
                    pass
                self.server.taken.append(address)  # type: ignore[attr-defined]
            self._say("221 bye" if word == b"QUIT" else "250 taken")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=20)


def test_of_three_letters_none_is_sent_twice_and_one_is_in_doubt(forks: Forks, postbox: Postbox) -> None:
    mail = {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": postbox.server_address[1],
        "EMAIL_USE_TLS": False,
    }
    sent, doubtful, early = forks.ask("mails")
    forks.ask("do", **sent, **mail)
    for job, place in ((doubtful, "note_sent"), (early, "hand_over")):
        before = list(postbox.taken)
        assert forks.start("do", **job, **mail, die=die(f"readerstudy.services.letters.{place}")).wait() == -9
        assert postbox.taken == before + ["leo@x.example"] * (job == doubtful)
        assert forks.ask("after_death", **job, seconds=601)["released"] == [[], [job], []]
        for _ in range(2):
            forks.ask("do", **job, **mail)
    assert postbox.taken == ["rosa@x.example", "leo@x.example", "ada@x.example"]
    ends = [forks.ask("found", **job) for job in (sent, doubtful, early)]
    assert [end["status"] for end in ends] == ["finished", "failed", "finished"]
    assert ends[1]["error"] == UNKNOWN_OUTCOME
    assert UNKNOWN_OUTCOME in forks.ask("mail_page", pk=doubtful["pk"])


@pytest.mark.parametrize("name", KILLS)
def test_it_is_noticed_begun_again_and_comes_to_the_same_bytes(forks: Forks, name: str) -> None:
    kind, deadly = KILLS[name]
    folder = forks.instance.data.parent
    foreign = {"folder": str(folder / "foreign")}
    places = {"imports": {"scans": str(folder / "scans")}, "looks": foreign, "copies": foreign}
    made = forks.ask("prepared", kind=kind, **places.get(kind, {}))
    killed, before = made["killed"], made["before"]
    assert (before["status"], before["error"]) == ("finished", "")

    assert forks.start("do", die=deadly, **killed).wait() == -9
    after = forks.ask("after_death", **killed, seconds=LIMITS.get(killed["label"], 601))
    assert (after["before"], after["after"]) == ("running", "queued")
    assert after["released"] == [[], [killed], []]  # not before its time, and once
    assert after["n_messages"] == 1

    workers = [forks.start("do", **killed) for _ in range(2)]  # the message comes twice, at the same time
    assert sorted(worker.answer() for worker in workers) == [[False], [True]]
    assert forks.ask("found_and_drafts", **killed) == [before, []]
