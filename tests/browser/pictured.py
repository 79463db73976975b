"""Studies for pictures of the reading room: `python -m tests.browser.pictured all`, or `close SLUG`.

The panels show what a reader would see: patches of a small phantom cohort, and patches that the generators which ship
with the project drew. Nobody was scanned for them.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from evaluation.demo import patches  # noqa: E402
from generation.core.labels import DCGAN, LESION_CLASSES, REAL, WGAN  # noqa: E402
from generation.models import Cohort, PatchSet  # noqa: E402
from generation.services import cohorts  # noqa: E402
from readerstudy.core import arrival as arrivals  # noqa: E402
from readerstudy.core.conduct import ANSWER_THEN_REVEAL, Conduct  # noqa: E402
from readerstudy.core.protocol import FIGURE_4, Protocol, spread_warm_up  # noqa: E402
from readerstudy.models import Pool, Study  # noqa: E402
from readerstudy.selectors.links import link_token  # noqa: E402
from readerstudy.services import invitations, pools, studies  # noqa: E402
from tests.factories import ADMIN  # noqa: E402

N_PATIENTS: Final = 4
PHANTOM_SEED: Final = 2026
READERS: Final = ("Reader A", "Reader B", "Reader C", "Reader D", "Reader E", "Reader F")
NAME: Final = "Breast DCE reader study"
BREAK_EVERY: Final = 10
CONSENT: Final = """You are asked to read panels of breast MRI for a study on images drawn by computer programs.

## What is asked of you

About half an hour of reading, in one sitting or in several. There is no right moment to stop, and no reason has to be
given for it.

## What is stored

- your answers, how long each took, and how you looked at the panels
- what you tell about your experience
- no address, no picture of you, and your name only in the list of the person who invited you

## Your rights

Taking part is voluntary. You may withdraw at any time, and have your answers deleted until the study is closed.
"""
ARRIVAL: Final = replace(arrivals.recommended(), consent=CONSENT)


def protocols() -> dict[str, Protocol]:
    """What is read, by the name the pictures know it by."""

    def rules(n: int, n_warm_up: int, **changes: object) -> Protocol:
        """2 n real and 2 n synthetic panels of each class."""
        test = {REAL: dict.fromkeys(LESION_CLASSES, 2 * n), DCGAN: dict.fromkeys(LESION_CLASSES, n)}
        warm_up = spread_warm_up(n_warm_up, n_warm_up, (DCGAN, WGAN)) if n_warm_up else {}
        return Protocol(test=test | {WGAN: test[DCGAN]}, warm_up=warm_up, seed=3, **changes)  # type: ignore[arg-type]

    every = Conduct(comment=True, undo=True, break_every=BREAK_EVERY)
    return {
        "main": rules(6, 3, confidence_levels=5, conduct=every, arrival=ARRIVAL),
        "figure-4": rules(1, 0, confidence_levels=5, layout=FIGURE_4),
        "reveals": rules(1, 3, conduct=Conduct(warm_up_mode=ANSWER_THEN_REVEAL)),
        "limited": rules(1, 0, conduct=Conduct(time_limit_seconds=8)),
        "german": rules(6, 0, confidence_levels=5, conduct=every),
        "closed-1440": rules(1, 0),
        "closed-1024": rules(1, 0),
        "closed-390": rules(1, 0),
    }


def phantom_patches() -> PatchSet:
    """Patches of a few phantom patients."""
    if not Cohort.objects.exists():
        scans = settings.READERSTUDY_DATA / "scans"
        call_command("make_phantom", str(scans), patients=N_PATIENTS, seed=PHANTOM_SEED, verbosity=0)
        cohorts.request_import(folder=scans, name=patches.COHORT_NAME, note="", now=timezone.now())
    cohort = patches.ensure_cohort(settings.READERSTUDY_DATA / "scans", n_processes=1)
    return patches.ensure_real_patches(cohort, n_processes=1)


def all_studies() -> dict[str, dict[str, object]]:
    """Make everything that is pictured; the links of the readers of each study."""
    drawn = [patches.ensure_synthetic_patches(patches.shipped_generator(source)) for source in (DCGAN, WGAN)]
    offered = [
        row.pools.first() or pools.create(name=row.name, patch_set=row, by=ADMIN, now=timezone.now())
        for row in (phantom_patches(), *drawn)
    ]
    return {key: _study(key, rules, offered) for key, rules in protocols().items()}


def _study(key: str, rules: Protocol, offered: Sequence[Pool]) -> dict[str, object]:
    now, n = timezone.now(), Study.objects.count()
    study = studies.create(
        name=f"{NAME} {n + 1}" if n else NAME, protocol=rules, pools=offered, by=ADMIN, now=now
    )
    study = studies.freeze(study=study, by=ADMIN, now=now)
    study = studies.open_to_readers(study=study, by=ADMIN, now=now)
    invited = [
        invitations.invite(study=study, name=name, group="radiologist", by=ADMIN, now=now) for name in READERS
    ]
    links = [reverse("reading:arrival", args=[link_token(invitation)]) for invitation in invited]
    return {"links": links, "slug": study.slug, "key": key}


if __name__ == "__main__":
    if sys.argv[1] == "close":
        one = Study.objects.get(slug=sys.argv[2])
        studies.close(study=one, by=ADMIN, now=timezone.now())
    else:
        sys.stdout.write("\n" + json.dumps(all_studies()) + "\n")
