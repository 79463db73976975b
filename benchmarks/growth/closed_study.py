"""Pages, exports and the analysis of a closed study with many trials: `make N` fills a database, `list` names the rest."""

import importlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable

from benchmarks import bench_exports


def main(what: str, *numbers: str) -> None:
    """Make the study, or do one thing with it and write what it took as JSON."""
    if what == "make":
        from django.core.management import call_command

        bench_exports.make(int(numbers[0]))
        call_command("collectstatic", verbosity=0, interactive=False)
        return
    things = _things()
    if what == "list":
        sys.stdout.write(json.dumps(list(things)) + "\n")
        return
    if what == "analysis":
        importlib.import_module("evaluation.jobs.analysing")  # what is imported is not counted
    before, started, cpu = _peak_mb(), time.perf_counter(), time.process_time()
    n_bytes = sum(len(piece) for piece in things[what]())
    told = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "grown_mb": _peak_mb() - before,
        "n_bytes": n_bytes,
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _things() -> dict[str, Callable[[], Iterable[bytes]]]:
    from django.contrib.auth.models import User
    from django.test import Client

    from readerstudy.models import Study

    study = Study.objects.get()
    client = Client(SERVER_NAME="127.0.0.1")
    admin, _ = User.objects.get_or_create(username="admin", is_staff=True, is_superuser=True)
    client.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")

    def get(address: str) -> Callable[[], Iterable[bytes]]:
        def ask() -> Iterable[bytes]:
            response = client.get(address)
            assert response.status_code == 200, (address, response.status_code)
            return response.streaming_content if response.streaming else [response.content]

        return ask

    def analyse() -> Iterable[bytes]:
        from django.utils import timezone

        from evaluation.jobs import analysing
        from evaluation.models import StudyAnalysis

        StudyAnalysis.objects.all().delete()
        row = StudyAnalysis.objects.create(study=study, created_at=timezone.now())
        analysing.run(row.pk)
        row.refresh_from_db()
        assert row.status == "finished", row.error
        return [(row.folder / name).read_bytes() for name in row.files]

    base = f"/desk/studies/{study.slug}/"
    return {
        "study list": get("/desk/studies/"),
        "readers and progress": get(f"{base}readers/"),
        "results page": get(f"{base}results/"),
        "table3.csv": get(f"{base}results/table3.csv"),
        "export ZIP": get(f"{base}results/everything.zip"),
        "analysis": analyse,
        "results, analysed": get(f"{base}results/"),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
