"""Makes what a browser test needs inside a served instance: `python -m tests.browser.prepare study`."""

import itertools
import json
import sys
from collections.abc import Callable
from functools import partial

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from generation.core.labels import LesionClass  # noqa: E402
from generation.models import PatchSet, TrainingRun  # noqa: E402
from generation.services import training_runs  # noqa: E402
from readerstudy.core.protocol import spread_warm_up  # noqa: E402
from readerstudy.models import Study  # noqa: E402
from readerstudy.selectors.links import link_token  # noqa: E402
from readerstudy.services import responses, sessions, studies  # noqa: E402
from tests import factories  # noqa: E402

ADMIN_PASSWORD = "a password of the tests"


def shorter_study(**changes: object) -> dict[str, object]:
    """An open study with 4 warm-up and 12 test trials, and the link of one reader."""
    per_class = {LesionClass.BENIGN: 2, LesionClass.MALIGNANT: 2, LesionClass.NO_FINDINGS: 2}
    test = {"real": per_class, "dcgan": dict.fromkeys(per_class, 1), "wgan": dict.fromkeys(per_class, 1)}
    protocol = factories.small_protocol(test=test, warm_up=spread_warm_up(2, 2, ("dcgan", "wgan")), **changes)
    study = factories.make_study(protocol=protocol)
    invitation = factories.make_invitation(study)
    return {
        "link": reverse("reading:arrival", args=[link_token(invitation)]),
        "study": study.pk,
        "slug": study.slug,
    }


def admin() -> dict[str, object]:
    """The study admin."""
    users = get_user_model().objects
    if not users.filter(username=factories.ADMIN).exists():
        users.create_superuser(factories.ADMIN, password=ADMIN_PASSWORD)
    return {"user": factories.ADMIN, "password": ADMIN_PASSWORD}


def training(*, n_done: int, status: str = TrainingRun.Status.RUNNING) -> dict[str, object]:
    """A training as its worker leaves it in the database."""
    run = TrainingRun.objects.first()
    if run is None:
        patch_set = factories.make_patch_set()
        run = training_runs.create(
            patch_set=patch_set, preset="dcgan", seed=1, name="Followed", now=timezone.now()
        )
    now = timezone.now()
    TrainingRun.objects.filter(pk=run.pk).update(
        status=status, n_done=n_done, n_total=100, started_at=now, beat_at=now
    )
    return {"name": run.name, "slug": run.slug}


def draft_study() -> dict[str, object]:
    """A study that can still be revised."""
    return {"slug": factories.make_study("draft").slug}


def closed_study() -> dict[str, object]:
    """A study that one reader finished."""
    study = factories.make_study(protocol=factories.small_protocol(warm_up={}))
    session = sessions.start(invitation=factories.make_invitation(study), seed=1, now=timezone.now())
    sessions.begin(session=session, now=timezone.now())
    for trial in session.trials.select_related("case").order_by("position"):
        sessions.serve(trial=trial, now=timezone.now())
        answer = "fake" if trial.position % 3 else "real"
        responses.record(trial=trial, answer=answer, key=trial.token, rt_ms=1500, now=timezone.now())
    return {"slug": studies.close(study=study, by=factories.ADMIN, now=timezone.now()).slug}


def pool() -> dict[str, object]:
    """A pool of patches."""
    return {"slug": factories.make_pool().slug}


MAKERS: dict[str, Callable[[], dict[str, object]]] = {
    "admin": admin,
    "study": shorter_study,
    "study with confidence": partial(shorter_study, confidence_levels=5),
    "study of figure 4": partial(shorter_study, layout="figure-4"),
    "study pixel by pixel": partial(shorter_study, interpolation="nearest"),
    "draft study": draft_study,
    "closed study": closed_study,
    "pool": pool,
    "running training": partial(training, n_done=25),
    "training moved on": partial(training, n_done=75),
    "training finished": partial(training, n_done=100, status=TrainingRun.Status.FINISHED),
}

if __name__ == "__main__":
    # The factories number what they make in one process; go on where the last process stopped.
    factories._NUMBER = itertools.count(1 + PatchSet.objects.count() + Study.objects.count())
    sys.stdout.write(json.dumps(MAKERS[sys.argv[1]]()) + "\n")
