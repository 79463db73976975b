"""The life of a study: draft, frozen, open, closed."""

import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.frames import N_FRAMES, PATCH_SIZE
from readerstudy.core.attention import Check, draw_checks, scramble
from readerstudy.core.draw import Draw, Pick, check_supply, draw_cases
from readerstudy.core.fingerprint import CaseTruth, patch_sha256, study_fingerprint
from readerstudy.core.protocol import CHECK, Protocol
from readerstudy.models import Case, Pool, Study
from readerstudy.selectors import pools as pool_selectors
from readerstudy.selectors import rules
from readerstudy.services import audit
from readerstudy.services.naming import free_slug
from readerstudy.signals import study_closed

Status = Study.Status
_STREAM_OF_CHECKS = 1  # beside the seed of the protocol, whose own stream draws the cases


@transaction.atomic
def create(*, name: str, protocol: Protocol, pools: Iterable[Pool], by: str, now: datetime) -> Study:
    """Start a study as a draft."""
    name, chosen = name.strip(), list(pools)
    check_pools(protocol, chosen)
    study = Study.objects.create(
        name=name, slug=free_slug(Study, name), protocol=protocol.to_json(), created_at=now
    )
    study.pools.set(chosen)
    audit.write(
        study=study, actor=by, verb="study.created", now=now, protocol=study.protocol, pools=_slugs(chosen)
    )
    return study


@transaction.atomic
def revise(*, study: Study, protocol: Protocol, pools: Iterable[Pool], by: str, now: datetime) -> Study:
    """Change the protocol of a draft."""
    study, chosen = _locked(study), list(pools)
    rules.check_can_revise(study)
    check_pools(protocol, chosen)
    study.protocol = protocol.to_json()
    study.save(update_fields=["protocol"])
    study.pools.set(chosen)
    audit.write(
        study=study, actor=by, verb="study.revised", now=now, protocol=study.protocol, pools=_slugs(chosen)
    )
    return study


@transaction.atomic
def freeze(*, study: Study, by: str, now: datetime) -> Study:
    """Draw the cases, copy their pixels and fix everything a reader will meet."""
    study = _locked(study)
    rules.check_can_freeze(study)
    protocol, chosen = study.rules, list(study.pools.select_related("patch_set"))
    check_pools(protocol, chosen)
    pools = {pool.source: pool for pool in chosen}
    supplies = {source: pool_selectors.supply(pools[source]) for source in protocol.sources}
    drawn = draw_cases(protocol, supplies, rng=np.random.default_rng(protocol.seed))
    checks = draw_checks(
        drawn, protocol.conduct.n_checks, rng=np.random.default_rng([protocol.seed, _STREAM_OF_CHECKS])
    )
    cases, pixels = _cases(study, drawn, checks, pools)
    for case, patch in zip(cases, pixels, strict=True):
        case.pixels_sha256 = patch_sha256(patch)
    study.fingerprint = study_fingerprint(study.protocol, (truth(case) for case in cases), pixels)
    _write_pixels(study.pixels_path, pixels)
    study.status, study.frozen_at, study.shared_patients = Status.FROZEN, now, list(drawn.shared_patients)
    study.save()
    # In the order of their random ids, so that primary keys do not follow source or class.
    Case.objects.bulk_create(cases, batch_size=500)
    audit.write(
        study=study,
        actor=by,
        verb="study.frozen",
        now=now,
        fingerprint=study.fingerprint,
        n_cases=len(cases),
        shared_patients=study.shared_patients,
        patch_sets={source: pool.patch_set.sha256 for source, pool in pools.items()},
    )
    return study


@transaction.atomic
def open_to_readers(*, study: Study, by: str, now: datetime) -> Study:
    """Let invited readers in."""
    study = _locked(study)
    rules.check_can_open(study)
    study.status, study.opened_at = Status.OPEN, now
    study.save(update_fields=["status", "opened_at"])
    audit.write(study=study, actor=by, verb="study.opened", now=now)
    return study


@transaction.atomic
def close(*, study: Study, by: str, now: datetime) -> Study:
    """End reading for good; results can be seen from now on."""
    study = _locked(study)
    rules.check_can_close(study)
    study.status, study.closed_at = Status.CLOSED, now
    study.save(update_fields=["status", "closed_at"])
    audit.write(study=study, actor=by, verb="study.closed", now=now)
    study_closed.send(sender=Study, study=study, now=now)
    return study


def truth(case: Case) -> CaseTruth:
    """A case as the fingerprint sees it."""
    return CaseTruth(case.public_id, case.phase, case.source, case.lesion_class)


def check_pools(protocol: Protocol, pools: Sequence[Pool]) -> None:
    """One pool for each source of the protocol, large enough for its quotas."""
    sources = [pool.source for pool in pools]
    for source in protocol.sources:
        if sources.count(source) != 1:
            raise InputError(
                f"The study has {sources.count(source)} pools of {source} patches; choose exactly one."
            )
    check_supply(protocol, {pool.source: pool for pool in pools})


def _locked(study: Study) -> Study:
    return Study.objects.select_for_update().get(pk=study.pk)


def _slugs(pools: Iterable[Pool]) -> list[str]:
    return sorted(pool.slug for pool in pools)


def _cases(
    study: Study, drawn: Draw, checks: Sequence[Check], pools: dict[str, Pool]
) -> tuple[list[Case], NDArray[np.int16]]:
    """Cases in the order of their random ids, with their pixels in the same order."""
    found: list[Pick | Check] = [*drawn.picks, *checks]
    by_id: dict[str, Pick | Check] = {}
    for one in found:
        while (public_id := _new_public_id()) in by_id:
            pass
        by_id[public_id] = one
    pixels = np.empty((len(by_id), N_FRAMES, PATCH_SIZE, PATCH_SIZE), dtype=np.int16)
    cases = []
    for pixel_index, public_id in enumerate(sorted(by_id)):
        one = by_id[public_id]
        pick = one.pick if isinstance(one, Check) else one
        patch_set = pools[pick.source].patch_set
        patch = pool_selectors.opened(patch_set).patches[pick.patch_index]
        pixels[pixel_index] = scramble(patch, one.seed) if isinstance(one, Check) else patch
        cases.append(
            Case(
                study=study,
                public_id=public_id,
                phase=pick.phase,
                source=CHECK if isinstance(one, Check) else pick.source,
                lesion_class=pick.lesion_class,
                is_check=isinstance(one, Check),
                patch_set=patch_set,
                patch_index=pick.patch_index,
                pixel_index=pixel_index,
            )
        )
    return cases, pixels


def _new_public_id() -> str:
    """60 random bits; the leading letter keeps spreadsheets from reading 12e45 as a number."""
    return "c" + secrets.token_hex(8)[1:]


def _write_pixels(path: Path, pixels: NDArray[np.int16]) -> None:
    """Write the array under another name and rename it when it is safely on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("wb") as file:
            np.save(file, pixels, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
