"""Freezes studies in processes that are killed on the way, then again: `python -m tests.service.faults.freeze_killed`; prints JSON."""

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from unittest import mock

import django

django.setup()

from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from generation.core import durable  # noqa: E402
from readerstudy.core.errors import Refused  # noqa: E402
from readerstudy.models import Case, Study  # noqa: E402
from readerstudy.selectors.verification import verification  # noqa: E402
from readerstudy.services import audit, studies  # noqa: E402
from tests import factories  # noqa: E402


def freeze(study: Study) -> None:
    """Freeze a study."""
    studies.freeze(study=study, by=factories.ADMIN, now=timezone.now())


def killed_at(owner: object, name: str, *, call: int) -> Callable[[Study], None]:
    """Freeze, and be killed when something is called for the nth time."""

    def run(study: Study) -> None:
        real, n_calls = getattr(owner, name), 0

        def called(*args: object, **kwargs: object) -> object:
            nonlocal n_calls
            n_calls += 1
            if n_calls == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        with mock.patch.object(owner, name, called):
            freeze(study)

    return run


def killed_after(study: Study) -> None:
    """Freeze, and be killed when all is done."""
    freeze(study)
    os.kill(os.getpid(), signal.SIGKILL)


POINTS = {
    "while cases are written": killed_at(studies, "patch_sha256", call=7),
    "before the file has its name": killed_at(durable, "sync", call=1),
    "when the file has its name": killed_at(durable, "sync", call=2),
    "when the cases are stored, before the commit": killed_at(audit, "write", call=1),
    "after the commit": killed_after,
}


def in_a_process(run: Callable[[Study], None], study: Study) -> int:
    """Run in a process of its own; return the signal that ended it."""
    connections.close_all()
    if (pid := os.fork()) == 0:
        run(study)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def state(study: Study) -> dict[str, object]:
    """How a study stands, in the database and on the disk."""
    study.refresh_from_db()
    names = sorted(path.name for path in study.folder.iterdir())
    try:
        found = verification(study)
        verified = "nothing differs" if found.is_same else [one.sentence for one in found.differences]
    except Refused as refusal:
        verified = str(refusal)
    return {
        "status": study.status,
        "n_cases": Case.objects.filter(study=study).count(),
        "has_fingerprint": bool(study.fingerprint),
        "has_file": "cases.npy" in names,
        "n_drafts": sum(name.startswith(".") for name in names),
        "verified": verified,
    }


if __name__ == "__main__":
    factories._NUMBER = itertools.count(1000)  # others have made something in this instance before
    protocol = factories.small_protocol()
    pools = [factories.make_pool(source) for source in protocol.sources]
    for point, run in POINTS.items():
        study = factories.make_study("draft", protocol=protocol, offered=pools)
        told: dict[str, object] = {"point": point, "ended": in_a_process(run, study), "left": state(study)}
        if study.status == Study.Status.DRAFT:
            freeze(study)
        told["again"] = state(study)
        sys.stdout.write(json.dumps(told) + "\n")
