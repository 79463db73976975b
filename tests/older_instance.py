"""An instance as it was before roles, frames and amendments, brought to today.

Run as a program, in a process of its own: `python -m tests.older_instance`. It migrates an empty database to the state of
then, fills it with the rows of older_instance.json, migrates it to the newest state, and prints what it found, as JSON.
The rows were written by the software of that time, not by today's: an open study of which one reader has read everything
and another two panels, a draft, and a training with a scored checkpoint. Pixels are made again from the seeds of
tests/factories.py.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import django

django.setup()

import numpy as np  # noqa: E402
from django.apps import apps as current_apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.management.color import no_style  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.utils import timezone  # noqa: E402

from generation.core.labels import LESION_CLASSES, REAL  # noqa: E402
from generation.core.patch_set import PatchRow, PatchSetWriter  # noqa: E402
from generation.models import PatchSet, Patient  # noqa: E402
from readerstudy.core.judgement import Judgement  # noqa: E402
from readerstudy.models import ReadingSession, Response, Study, StudyRole, Trial  # noqa: E402
from readerstudy.selectors import access  # noqa: E402
from readerstudy.selectors.trials import trial_rows  # noqa: E402
from readerstudy.selectors.verification import verification  # noqa: E402
from readerstudy.services import amendments, responses, sessions, studies, windows  # noqa: E402
from tests.conftest import PROJECT  # noqa: E402
from tests.factories import make_patches  # noqa: E402

ROWS: Final = PROJECT / "tests" / "older_instance.json"
STATE_OF_THEN: Final = (
    ("admin", "0003_logentry_add_action_flag_choices"),
    ("sessions", "0001_initial"),
    ("generation", "0003_dry_run"),
    ("readerstudy", "0003_conduct_and_arrival"),
    ("evaluation", "0003_study_analysis"),
)
N_PER_CLASS, N_PATIENTS = 8, 8


def fill() -> dict[str, list[dict[str, Any]]]:
    """Write every row by the models of then; return what the database says that it holds, by model."""
    for app, name in STATE_OF_THEN:
        call_command("migrate", app, name, verbosity=0)
    state = MigrationExecutor(connection).loader.project_state(list(STATE_OF_THEN))
    models = {}
    with transaction.atomic():
        for row in json.loads(ROWS.read_text(encoding="utf-8")):
            model = models[row["model"]] = state.apps.get_model(row["model"])
            fields = {model._meta.get_field(name): value for name, value in row["fields"].items()}
            one = model(
                pk=row["pk"],
                **{
                    field.attname: value if field.is_relation else field.to_python(value)
                    for field, value in fields.items()
                    if not field.many_to_many
                },
            )
            one.save(force_insert=True)
            for field, value in fields.items():
                if field.many_to_many:
                    getattr(one, field.name).set(value)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models.values())):
            cursor.execute(statement)
    return {name: rows_of(model) for name, model in models.items()}


def rows_of(model: Any, names: list[str] | None = None) -> list[dict[str, Any]]:
    """Every row of a model, in those columns."""
    return list(model._base_manager.order_by("pk").values(*(names or [])))


def make_files() -> None:
    """Patch sets and the pixels of the study, which are no part of the database."""
    patches = {}
    for row in PatchSet.objects.order_by("pk"):
        drawn = make_patches(3 * N_PER_CLASS, np.random.default_rng([0, row.pk]))
        patches[row.pk] = drawn
        with PatchSetWriter(settings.READERSTUDY_DATA / "patch_sets" / row.slug, source=row.source) as writer:
            writer.add(drawn, list(_patch_rows(row.source)))
            folder = writer.finish({"made by": "a test"})
        assert folder.sha256 == row.sha256, "a patch set of then would have another checksum today"
    study = Study.objects.get(status="open")
    study.folder.mkdir(parents=True)
    cases = study.cases.order_by("pixel_index")
    np.save(study.pixels_path, np.stack([patches[case.patch_set_id][case.patch_index] for case in cases]))


def _patch_rows(source: str) -> Iterator[PatchRow]:
    for lesion_class in LESION_CLASSES:
        for i in range(N_PER_CLASS):
            yield PatchRow(f"P{i % N_PATIENTS:03d}" if source == REAL else "", lesion_class)


def read_on() -> list[str]:
    """The reader who was midway gives one answer more, the study is closed, its draft frozen, the study amended."""
    now = timezone.now()
    study, draft = Study.objects.get(status="open"), Study.objects.get(status="draft")
    session = ReadingSession.objects.get(state="test")
    seat = sessions.take_seat(public_id=session.public_id, now=now)
    at = {"public_id": session.public_id, "seat": seat, "now": now}
    responses.give(**at, token=windows.ask(**at).trials[0].token, judgement=Judgement("real"), key="newest")
    closed = studies.close(study=study, by="ada", now=now)
    frozen = studies.freeze(study=draft, by="ada", now=now)
    amended = amendments.amend(study=closed, reason="Found too short in the pilot.", by="ada", now=now)
    return [closed.status, frozen.status, amended.status, str(len(list(trial_rows(closed))))]


def main() -> None:
    """Fill, migrate, look."""
    before = fill()
    call_command("migrate", verbosity=0)
    changed = [
        name for name, rows in before.items() if rows != rows_of(current_apps.get_model(name), list(rows[0]))
    ]
    make_files()
    study = Study.objects.get(status="open")
    found = {
        "vendor": connection.vendor,
        "n_before": {name: len(rows) for name, rows in before.items()},
        "changed": changed,
        "roles": list(StudyRole.objects.values_list("study__name", "user__username", "role", "granted_by")),
        "study_admins": [
            user.username for user in User.objects.order_by("pk") if access.is_study_admin(user)
        ],
        "of_permission": list(
            User.objects.filter(user_permissions__codename="add_study").values_list("username", flat=True)
        ),
        "frame_sets": [
            row.frames.is_paper for model in (PatchSet, Study) for row in model.objects.order_by("pk")
        ],
        "versions": list(
            Study.objects.values_list("version", "amends", "ends_at", "unblinded_at").order_by().distinct()
        ),
        "regions": list(
            Patient.objects.order_by("pk").values_list("cohort__is_phantom", "region_status", "region_by")
        ),
        "fingerprint": study.fingerprint,
        "differences": [one.sentence for one in verification(study).differences],
        "n_answers": Response.objects.count(),
        "n_open_trials": Trial.objects.filter(done_at=None).count(),
    }
    found["read_on"] = read_on()
    found["differences_after"] = [one.sentence for one in verification(study).differences]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
