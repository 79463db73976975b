"""Makes what browser tests need inside a served instance: `python -m tests.browser.prepare` reads the name of one thing
per line, makes it and answers with a line of JSON, until there is no further line."""

import itertools
import json
import sys
from collections.abc import Callable
from functools import partial

import django
import numpy as np

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from evaluation.models import StudyAnalysis  # noqa: E402
from generation.core.frame_set import PAPER, FrameSet  # noqa: E402
from generation.core.labels import LesionClass  # noqa: E402
from generation.models import PatchSet, TrainingRun  # noqa: E402
from generation.services import training_runs  # noqa: E402
from readerstudy.core.arrival import USUAL_QUESTIONS, Arrival  # noqa: E402
from readerstudy.core.conduct import ANSWER_THEN_REVEAL, Conduct  # noqa: E402
from readerstudy.core.protocol import spread_warm_up  # noqa: E402
from readerstudy.models import Study  # noqa: E402
from readerstudy.selectors.links import link_token  # noqa: E402
from readerstudy.services import responses, sessions, studies  # noqa: E402
from tests import factories  # noqa: E402
from tests.browser.prepare_frames import DIFFUSION, LARGE, SERIES  # noqa: E402

EVERY_STEP = Arrival(
    consent="## Your rights\n\nYou may stop at any time.\n\nApproved by the [ethics committee](https://example.org/ethics).",
    questions=USUAL_QUESTIONS,
    display_check=True,
)
ADMIN_PASSWORD = "a password of the tests"


def shorter_study(*, n_warm_up: int = 4, frame_set: FrameSet = PAPER, **changes: object) -> dict[str, object]:
    """An open study with 4 warm-up and 12 test trials, and the link of one reader."""
    per_class = {LesionClass.BENIGN: 2, LesionClass.MALIGNANT: 2, LesionClass.NO_FINDINGS: 2}
    test = {"real": per_class, "dcgan": dict.fromkeys(per_class, 1), "wgan": dict.fromkeys(per_class, 1)}
    warm_up = spread_warm_up(n_warm_up // 2, n_warm_up // 2, ("dcgan", "wgan")) if n_warm_up else {}
    protocol = factories.small_protocol(test=test, warm_up=warm_up, **changes)
    offered = [factories.make_pool(source, frame_set=frame_set) for source in protocol.sources]
    study = factories.make_study(protocol=protocol, offered=offered)
    invitation = factories.make_invitation(study)
    return {
        "link": reverse("reading:arrival", args=[link_token(invitation)]),
        "study": study.pk,
        "slug": study.slug,
        "n_warm_up": n_warm_up,
    }


def study_of_frames(frame_set: FrameSet, **changes: object) -> dict[str, object]:
    """The same with other frames than the paper's."""
    return shorter_study(frame_set=frame_set, **changes)


def conducted_study(*, n_warm_up: int = 0, **conduct: object) -> dict[str, object]:
    """The same under other rules, without a warm-up."""
    return shorter_study(n_warm_up=n_warm_up, conduct=Conduct(**conduct))  # type: ignore[arg-type]


def long_study() -> dict[str, object]:
    """An open study of 240 test trials without a warm-up, and the links of five readers."""
    test = {"real": dict.fromkeys(LesionClass, 40), "dcgan": dict.fromkeys(LesionClass, 20)}
    test["wgan"] = test["dcgan"]
    study = factories.make_study(protocol=factories.small_protocol(test=test, warm_up={}), n_per_class=40)
    invitations = [factories.make_invitation(study) for _ in range(5)]
    links = [reverse("reading:arrival", args=[link_token(invitation)]) for invitation in invitations]
    return {"links": links, "study": study.pk}


def admin() -> dict[str, object]:
    """The study admin."""
    users = get_user_model().objects
    if not users.filter(username=factories.ADMIN).exists():
        users.create_superuser(factories.ADMIN, password=ADMIN_PASSWORD)
    return {"user": factories.ADMIN, "password": ADMIN_PASSWORD}


def account() -> dict[str, object]:
    """A study admin of its own, whose second factor is nobody else's business."""
    users = get_user_model().objects
    user = users.create_user(f"person-{users.count()}", password=ADMIN_PASSWORD)
    return {"user": user.get_username(), "password": ADMIN_PASSWORD, "pk": user.pk}


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
    return close_and_analyse(study)


def close_and_analyse(study: Study) -> dict[str, object]:
    """Reading is over, and a worker has done the analysis."""
    from evaluation.jobs import analysing  # takes seconds to import, and few things need it

    study = studies.close(study=study, by=factories.ADMIN, now=timezone.now())
    analysing.run(StudyAnalysis.objects.get(study=study).pk)
    return {"slug": study.slug}


def newest_study_closed() -> dict[str, object]:
    """The study that was made last is closed while somebody reads."""
    study = Study.objects.filter(status=Study.Status.OPEN).latest("pk")
    return {"slug": studies.close(study=study, by=factories.ADMIN, now=timezone.now()).slug}


def analysed_study() -> dict[str, object]:
    """A closed study of two readers in each of two groups, whose analysis is done."""
    protocol = factories.small_protocol(warm_up={}, confidence_levels=3)
    study = factories.make_study(protocol=protocol)
    rng = np.random.default_rng(2)
    for group in ("radiologist", "layperson") * 2:
        invitation = factories.make_invitation(study, group=group)
        session = sessions.start(invitation=invitation, seed=1, now=timezone.now())
        sessions.begin(session=session, now=timezone.now())
        for trial in session.trials.select_related("case").order_by("position"):
            belief = rng.normal() + (trial.case.source != "real") - 0.5
            sessions.serve(trial=trial, now=timezone.now())
            responses.record(
                trial=trial, answer="fake" if belief > 0 else "real", key=trial.token, rt_ms=1500,
                confidence=1 + min(2, int(abs(belief))), now=timezone.now(),
            )  # fmt: skip
    return close_and_analyse(study)


def pool() -> dict[str, object]:
    """A pool of patches."""
    return {"slug": factories.make_pool().slug}


MAKERS: dict[str, Callable[[], dict[str, object]]] = {
    "admin": admin,
    "account": account,
    "study": shorter_study,
    "study with confidence": partial(shorter_study, confidence_levels=5),
    "study of figure 4": partial(shorter_study, n_warm_up=0, layout="figure-4"),
    "study of three frames": partial(study_of_frames, DIFFUSION, n_warm_up=0, interpolation="nearest"),
    "study of a series": partial(study_of_frames, SERIES, n_warm_up=0),
    "study of large frames": partial(study_of_frames, LARGE, n_warm_up=0),
    "study with every step of arrival": partial(shorter_study, arrival=EVERY_STEP),
    "study pixel by pixel": partial(shorter_study, n_warm_up=0, interpolation="nearest"),
    "test only": conducted_study,
    "study with undo and comments": partial(conducted_study, undo=True, comment=True),
    "study with a time limit": partial(conducted_study, time_limit_seconds=10, undo=True),
    "study with a short time limit": partial(conducted_study, time_limit_seconds=5),
    "study with breaks and undo": partial(conducted_study, break_every=5, undo=True),
    "study that reveals": partial(conducted_study, n_warm_up=4, warm_up_mode=ANSWER_THEN_REVEAL),
    "study to be looked at": partial(conducted_study, min_viewing_seconds=10),
    "study with every control": partial(
        shorter_study,
        n_warm_up=0,
        confidence_levels=5,
        conduct=Conduct(undo=True, comment=True, time_limit_seconds=60),
    ),
    "long study": long_study,
    "draft study": draft_study,
    "closed study": closed_study,
    "analysed study": analysed_study,
    "newest study closed": newest_study_closed,
    "pool": pool,
    "running training": partial(training, n_done=25),
    "training moved on": partial(training, n_done=75),
    "training finished": partial(training, n_done=100, status=TrainingRun.Status.FINISHED),
}

if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr  # what makers write is no answer
    # The factories number what they make in one process; go on where the last process stopped.
    factories._NUMBER = itertools.count(1 + PatchSet.objects.count() + Study.objects.count())
    for what in sys.stdin:
        answers.write(json.dumps(MAKERS[what.rstrip("\n")]()) + "\n")
        answers.flush()
