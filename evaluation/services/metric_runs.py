"""Start and stop metric runs."""

from datetime import datetime

from django.db import transaction

from evaluation.core import draws, extractor_names
from evaluation.models import MetricRun
from evaluation.selectors import weights
from generation.core.errors import InputError
from generation.core.labels import REAL
from generation.models import PatchSet

MAX_DRAWS = 100
MAX_PER_SET = 50_000
MAX_SEED = 2**63 - 1


@transaction.atomic
def start(
    *,
    real: PatchSet,
    fake: PatchSet,
    extractor: str,
    now: datetime,
    n_draws: int = draws.N_DRAWS,
    n_per_set: int = draws.N_PER_SET,
    seed: int = 0,
) -> MetricRun:
    """Queue the scoring of a generated patch set against a real one."""
    check_can_score(real=real, fake=fake, extractor=extractor)
    for name, value, low, high in (
        ("Draws", n_draws, 1, MAX_DRAWS),
        ("Patches per set", n_per_set, draws.MIN_PER_SET, MAX_PER_SET),
        ("Seed", seed, 0, MAX_SEED),
    ):
        if not low <= value <= high:
            raise InputError(f"{name}: {value} is outside {low} to {high}; give a number in that range.")
    return MetricRun.objects.create(
        real_set=real,
        fake_set=fake,
        extractor=extractor,
        n_draws=n_draws,
        n_per_set=n_per_set,
        seed=seed,
        created_at=now,
    )


def check_can_score(*, real: PatchSet, fake: PatchSet, extractor: str) -> None:
    """Refuse sets that are not ready or not of the right source, and extractors without their weights."""
    for one in (real, fake):
        if one.status != PatchSet.Status.FINISHED:
            raise InputError(f'Patch set "{one.name}" is {one.status}; wait until it is finished.')
    if real.source != REAL:
        raise InputError(
            f'Patch set "{real.name}" holds patches of {real.source}; compare with a set of real patches.'
        )
    if fake.source == REAL:
        raise InputError(f'Patch set "{fake.name}" holds real patches; choose a generated set to score.')
    if real.frames != fake.frames:
        raise InputError(
            f'Patch sets "{real.name}" and "{fake.name}" differ in {real.frames.difference_words(fake.frames)}; '
            "compare sets with the same frames."
        )
    check_has_weights(extractor)


def check_has_weights(extractor: str) -> None:
    """Refuse an extractor whose weights are not on this machine."""
    about = extractor_names.named(extractor)
    if not about.needs_weights or weights.of_extractor(extractor) is not None:
        return
    if about is extractor_names.OWN:
        raise InputError(
            f"No encoder of your own is named; set OWN_EXTRACTOR to its path, or choose {extractor_names.DEFAULT}."
        )
    raise InputError(
        f"{about.title} needs its published weights; run fetch_inception, set INCEPTION_WEIGHTS to the path of the "
        f"file, or choose {extractor_names.DEFAULT}."
    )
