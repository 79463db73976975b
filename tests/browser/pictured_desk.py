"""An instance for pictures of the desk: `python -m tests.browser.pictured_desk`.

The demonstration of the project, a short training that has been done, a study that is being read and one that is
closed and analysed. Their answers are drawn from a seed: nobody read them.
"""

import json
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Final

import django

django.setup()

import numpy as np  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from evaluation.demo.account import USER_NAME  # noqa: E402
from evaluation.jobs import analysing, scoring  # noqa: E402
from evaluation.models import MetricRun, StudyAnalysis  # noqa: E402
from generation.core.labels import LESION_CLASSES, REAL  # noqa: E402
from generation.jobs import looking, patch_looking, sampling, training  # noqa: E402
from generation.models import DryRun, PatchImport, PatchSet, TrainingRun  # noqa: E402
from generation.services import cohorts, generators, patch_imports, training_runs  # noqa: E402
from readerstudy.core import protocol as protocols  # noqa: E402
from readerstudy.models import Pool, Study  # noqa: E402
from readerstudy.services import (  # noqa: E402
    accounts,
    amendments,
    invitations,
    pools,
    responses,
    roles,
    sessions,
    studies,
    tokens,
)
from tests.browser.prepare import ADMIN_PASSWORD  # noqa: E402

SEED: Final = 8
CLOSED: Final = "Breast DCE pilot"
FOLLOWED: Final = "Breast DCE main study"
DRAFT: Final = "Residents and attendings"
TRAINING: Final = {"n_steps": 24, "checkpoint_every": 8, "width": 8}
SENSITIVITY: Final = {"radiologist": 1.4, "layperson": 0.4}  # separation of real and synthetic, in d'
READERS: Final = ("radiologist", "radiologist", "layperson", "layperson")


def instance() -> dict[str, str]:
    """Make everything that is pictured, once; what its pages are called."""
    call_command("demo", "--no-serve", verbosity=0)
    admin = get_user_model().objects.get(username=USER_NAME)
    if not Study.objects.filter(name=CLOSED).exists():
        admin.set_password(ADMIN_PASSWORD)
        admin.save()
        _people()
        _work()
        _studies()
        tokens.make(user=admin, name="statistics server", can_write=False, n_days=90, now=timezone.now())
    return {"user": USER_NAME, "password": ADMIN_PASSWORD, **_names()}


def _people() -> None:
    now = timezone.now()
    for name, kind in (
        ("coordinator", "plain account"),
        ("statistician", "plain account"),
        ("physicist", "study admin"),
    ):
        accounts.create(user_name=name, kind=kind, email=f"{name}@example.org", by=USER_NAME, now=now)


def _work() -> None:
    """A look at a folder of scans and one at a folder of patches; a training, sampled; the scores of Table 2."""
    now = timezone.now()
    scans = settings.READERSTUDY_DATA / "scans"
    call_command("make_phantom", str(scans), patients=2, seed=SEED, verbosity=0)
    looking.run(cohorts.request_dry_run(folder=scans, options={}, now=now).pk)
    real = PatchSet.objects.get(name="Phantom patches")
    run = training_runs.create(
        patch_set=real, preset="dcgan-small", seed=SEED, name="DCGAN, narrow", changes=TRAINING, now=now
    )
    training.run(run.pk)
    drawn = generators.queue_sampling(
        checkpoint=run.checkpoints.latest("step"),
        n_per_class={one.value: 12 for one in LESION_CLASSES},
        seed=SEED,
        name="DCGAN, narrow, 24 steps",
        now=now,
    )
    sampling.run(drawn.pk)
    folder = settings.READERSTUDY_DATA / "diffusion"
    folder.mkdir()
    patches = np.load(PatchSet.objects.get(name="DCGAN patches").folder / "patches.npy", mmap_mode="r")
    np.save(folder / "patches.npy", patches[::6])
    classes = (PatchSet.objects.get(name="DCGAN patches").folder / "index.csv").read_text().splitlines()
    column = classes[0].split(",").index("lesion_class")
    named = [line.split(",")[column] for line in classes[1::6]]
    (folder / "index.csv").write_text("\n".join(["lesion_class", *named]) + "\n")
    patch_looking.run(patch_imports.request_look(folder=folder, by=USER_NAME, now=now).pk)
    scoring.run(MetricRun.objects.earliest("pk").pk)  # the other waits: scoring takes minutes


def _studies() -> None:
    """One is being read, one is closed and was amended before, one is a draft."""
    now = timezone.now()
    offered = [
        Pool.objects.get(patch_set__name=name)
        for name in ("Phantom patches", "DCGAN patches", "WGAN patches")
    ]
    for index, reason in ((3, "motion"), (17, "lesion cut off at the edge")):
        pools.exclude(pool=offered[0], patch_index=index, reason=reason, by=USER_NAME, now=now)
    rules = replace(protocols.paper(seed=SEED, scale=0.1), confidence_levels=4)
    pilot = _opened(CLOSED, rules, offered)
    for number, group in enumerate(READERS, start=1):
        _read(pilot, f"Reader {number}", group, share=1.0)
    pilot = studies.close(study=pilot, by=USER_NAME, now=timezone.now())
    analysing.run(StudyAnalysis.objects.get(study=pilot).pk)
    followed = _opened(FOLLOWED, replace(rules, seed=10), offered)
    for name, group, share in (("Reader 1", "radiologist", 0.6), ("Reader 2", "layperson", 0.25)):
        _read(followed, name, group, share=share)
    for user, role in (("coordinator", "coordinator"), ("statistician", "analyst")):
        person = get_user_model().objects.get(username=user)
        roles.grant(study=followed, user=person, role=role, by=USER_NAME, now=now)
    studies.create(name=DRAFT, protocol=replace(rules, seed=9), pools=offered, by=USER_NAME, now=now)
    amendments.amend(study=pilot, reason="Twice as many readers, as the board asked.", by=USER_NAME, now=now)


def _opened(name: str, rules: protocols.Protocol, offered: list[Pool]) -> Study:
    now = timezone.now()
    study = studies.create(name=name, protocol=rules, pools=offered, by=USER_NAME, now=now)
    study = studies.freeze(study=study, by=USER_NAME, now=now)
    return studies.open_to_readers(study=study, by=USER_NAME, now=now)


def _read(study: Study, name: str, group: str, *, share: float) -> None:
    """A reader who answers a share of the test as a normal observer of a known d' would."""
    rng, now = np.random.default_rng([SEED, study.readers.count()]), timezone.now()
    invited = invitations.invite(study=study, name=name, group=group, by=USER_NAME, now=now)
    session = sessions.start(invitation=invited, seed=SEED, now=now - timedelta(minutes=30))
    sessions.begin(session=session, now=now - timedelta(minutes=29))
    trials = sorted(
        session.trials.select_related("case"), key=lambda one: (one.phase == "test", one.position)
    )
    seen_until = round(share * len(trials))
    for number, trial in enumerate(trials[:seen_until]):
        at = now - timedelta(minutes=28) + timedelta(seconds=number * 9)
        sessions.serve(trial=trial, now=at)
        belief = rng.normal() + SENSITIVITY[group] * ((trial.case.source != REAL) - 0.5)
        if trial.phase != "test":
            responses.see(public_id=session.public_id, token=trial.token, now=at)
            continue
        responses.record(
            trial=trial,
            answer="fake" if belief > 0 else "real",
            key=trial.token,
            rt_ms=int(rng.lognormal(8.3, 0.4)),
            confidence=1 + min(3, int(2 * abs(belief))),
            now=at + timedelta(seconds=6),
        )


def _names() -> dict[str, str]:
    """Addresses have the names of rows in them."""
    pilot, followed = Study.objects.get(name=CLOSED, version=1), Study.objects.get(name=FOLLOWED)
    return {
        "look": str(DryRun.objects.latest("pk").pk),
        "patches": str(PatchImport.objects.latest("pk").pk),
        "extraction": PatchSet.objects.get(name="Phantom patches").slug,
        "training": TrainingRun.objects.get(name="DCGAN, narrow").slug,
        "pool": Pool.objects.get(patch_set__name="Phantom patches").slug,
        "scores": str(MetricRun.objects.earliest("pk").pk),
        "draft": Study.objects.get(name=DRAFT).slug,
        "study": followed.slug,
        "reader": followed.readers.earliest("pk").pseudonym,
        "closed": pilot.slug,
        "account": str(get_user_model().objects.get(username="coordinator").pk),
    }


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(instance()) + "\n")
