"""The life of a study: draft, frozen, open, closed."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from django.db import transaction

from generation import storage
from generation.core.errors import InputError
from generation.core.frame_set import PAPER, FrameSet
from readerstudy.core.attention import Check, draw_checks, scramble
from readerstudy.core.draw import Draw, Pick, check_supply, draw_cases
from readerstudy.core.fingerprint import CaseTruth, patch_sha256, study_fingerprint
from readerstudy.core.panel_layouts import fitting
from readerstudy.core.protocol import CHECK, Protocol
from readerstudy.core.unblinding import moment
from readerstudy.models import AuditEvent, Case, Pool, Study
from readerstudy.models.audit import DISCARDED
from readerstudy.selectors import familiarity, letters, rules, versions
from readerstudy.selectors import pools as pool_selectors
from readerstudy.services import audit, frozen_pixels, roles
from readerstudy.services.naming import free_slug
from readerstudy.signals import study_closed

Status = Study.Status
_STREAM_OF_CHECKS = 1  # beside the seed of the protocol, whose own stream draws the cases


@transaction.atomic
def create(*, name: str, protocol: Protocol, pools: Iterable[Pool], by: str, now: datetime) -> Study:
    """Start a study as a draft."""
    name, chosen = name.strip(), list(pools)
    check_pools(protocol, chosen)
    frame_set = shared_frames(chosen)
    study = Study.objects.create(
        name=name,
        slug=free_slug(Study, name),
        protocol=_fitted(protocol, frame_set).to_json(),
        frame_set=frame_set.to_json(),
        created_at=now,
    )
    study.pools.set(chosen)
    roles.make_owner_of_new(study, by=by, now=now)
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
    frame_set = shared_frames(chosen)
    study.protocol, study.frame_set = _fitted(protocol, frame_set).to_json(), frame_set.to_json()
    study.save(update_fields=["protocol", "frame_set"])
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
    supplies = familiarity.supplies(pools[source] for source in protocol.sources)
    drawn = draw_cases(protocol, supplies, rng=np.random.default_rng(protocol.seed))
    checks = draw_checks(
        drawn, protocol.conduct.n_checks, rng=np.random.default_rng([protocol.seed, _STREAM_OF_CHECKS])
    )
    frame_set = study.frames
    shape = (len(drawn.picks) + len(checks), *frame_set.shape)
    with frozen_pixels.written(study.pixels_path, shape) as (draft, file):
        cases = _cases(study, drawn, checks, pools, file)
        study.fingerprint = study_fingerprint(
            study.protocol,
            (truth(case) for case in cases),
            np.load(draft, mmap_mode="r", allow_pickle=False),
            frame_set=frame_set,
        )
    storage.publish(study.pixels_path)  # before any machine can serve the study
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
        n_real_of_trained_patients=drawn.n_avoided,
        patch_sets={source: pool.patch_set.sha256 for source, pool in pools.items()},
        **({} if frame_set.is_paper else {"frame_set": study.frame_set}),
        **_superseded(study, by=by, now=now),
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


@transaction.atomic
def set_end(*, study: Study, ends_at: datetime | None, by: str, now: datetime) -> Study:
    """Say when reading ends by itself; None leaves it to closing."""
    study = _locked(study)
    rules.check_can_set_end(study)
    if ends_at is not None and ends_at <= now:
        raise InputError(
            f"The end {letters.told(ends_at)} has passed; give a later time, or close the study.",
            field="ends_at",
        )
    if study.ends_at != ends_at:
        study.ends_at = ends_at
        study.save(update_fields=["ends_at"])
        end = moment(ends_at) if ends_at else "when the study is closed"
        audit.write(study=study, actor=by, verb="study.end_set", now=now, end=end)
    return study


@transaction.atomic
def discard(*, study: Study, by: str, now: datetime) -> Study | None:
    """Delete a draft with its roles and invitations; return the study that it would have amended.

    Its audit log is kept: each line goes over into the log of the instance and says which draft it was of.
    """
    study = _locked(study)
    rules.check_can_discard(study)
    amended, name, version = study.amends, study.name, study.version
    n_readers, events = study.readers.count(), list(study.audit_events.all())
    for event in events:
        event.study, event.data = None, {**event.data, DISCARDED: {"name": name, "slug": study.slug}}
    AuditEvent.objects.bulk_update(events, ["study", "data"], batch_size=100)
    told = {
        "name": name,
        "slug": study.slug,
        "version": version,
        "n_events": len(events),
        "n_readers": n_readers,
    }
    transaction.on_commit(partial(storage.remove, study.folder))  # of a freezing that came to nothing
    study.delete()
    audit.write(study=None, actor=by, verb="study.discarded", now=now, **told)
    if amended is not None:
        audit.write(
            study=amended,
            actor=by,
            verb="study.amendment_discarded",
            now=now,
            version=version,
            draft=told["slug"],
        )
    return amended


def truth(case: Case) -> CaseTruth:
    """A case as the fingerprint sees it."""
    return CaseTruth(case.public_id, case.phase, case.source, case.lesion_class)


def check_pools(protocol: Protocol, pools: Sequence[Pool]) -> None:
    """One pool for each source of the protocol, large enough for its quotas, all of the same frames."""
    sources = [pool.source for pool in pools]
    for source in protocol.sources:
        if sources.count(source) != 1:
            raise InputError(
                f"The study has {sources.count(source)} pools of {source} patches; choose exactly one."
            )
    check_supply(protocol, {pool.source: pool for pool in pools})
    _fitted(protocol, shared_frames(pools))


def shared_frames(pools: Sequence[Pool]) -> FrameSet:
    """What the frames of all pools of a study are; the paper's where no pool is chosen."""
    frame_sets = [(pool, pool.patch_set.frames) for pool in pools]
    if not frame_sets:
        return PAPER
    first, shared = frame_sets[0]
    for pool, frame_set in frame_sets[1:]:
        if frame_set != shared:
            raise InputError(
                f'The pools "{first.name}" and "{pool.name}" do not go together: they differ in '
                f"{shared.difference_words(frame_set)}; choose pools with the same frames.",
                field=f"pool.{pool.source}",
            )
    return shared


def _fitted(protocol: Protocol, frame_set: FrameSet) -> Protocol:
    """The protocol with the layout that its frames have."""
    layout = fitting(protocol.layout, frame_set)
    return protocol if layout == protocol.layout else replace(protocol, layout=layout)


def _locked(study: Study) -> Study:
    return Study.objects.select_for_update().get(pk=study.pk)


def _superseded(study: Study, *, by: str, now: datetime) -> dict[str, Any]:
    """Freezing an amendment supersedes the version before: what changed, for the audit logs of both."""
    if study.amends is None:
        return {}
    changes = [change.sentence for change in versions.changes(study)]
    audit.write(
        study=study.amends,
        actor=by,
        verb="study.superseded",
        now=now,
        version=study.version,
        reason=study.amendment_reason,
        changes=changes,
    )
    return {"version": study.version, "reason": study.amendment_reason, "changes": changes}


def _slugs(pools: Iterable[Pool]) -> list[str]:
    return sorted(pool.slug for pool in pools)


def _cases(
    study: Study, drawn: Draw, checks: Sequence[Check], pools: dict[str, Pool], file: BinaryIO
) -> list[Case]:
    """Cases in the order of their random ids; their pixels are written in the same order, one at a time."""
    found: list[Pick | Check] = [*drawn.picks, *checks]
    by_id: dict[str, Pick | Check] = {}
    for one in found:
        while (public_id := _new_public_id()) in by_id:
            pass
        by_id[public_id] = one
    cases = []
    for pixel_index, public_id in enumerate(sorted(by_id)):
        one = by_id[public_id]
        pick = one.pick if isinstance(one, Check) else one
        patch_set = pools[pick.source].patch_set
        patch = pool_selectors.opened(patch_set).patches[pick.patch_index]
        shown = scramble(patch, one.seed) if isinstance(one, Check) else patch
        file.write(np.ascontiguousarray(shown, dtype="<i2").data)
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
                pixels_sha256=patch_sha256(shown),
            )
        )
    file.flush()
    return cases


def _new_public_id() -> str:
    """60 random bits; the leading letter keeps spreadsheets from reading 12e45 as a number."""
    return "c" + secrets.token_hex(8)[1:]
