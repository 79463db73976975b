"""An open study of about 120 trials with one link for a radiologist and one for a layperson."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from django.urls import reverse
from django.utils import timezone

from evaluation.demo.account import USER_NAME
from generation.models import PatchSet
from readerstudy.core import arrival as arrivals
from readerstudy.core import protocol
from readerstudy.core.conduct import Conduct
from readerstudy.models import Pool, Study
from readerstudy.selectors.links import link_token
from readerstudy.services import invitations, pools, studies

STUDY_NAME: Final = "Breast DCE reader study"
TRAINED_STUDY_NAME: Final = f"{STUDY_NAME}, generators trained here"
STUDY_SEED: Final = 1
SCALE: Final = 0.25  # of the paper's numbers: 60 real + 60 synthetic, and a warm-up of 6 + 6
BREAK_EVERY: Final = 40  # panels
READERS: Final = {
    "radiologist": "First radiologist",
    "layperson": "First layperson",
}  # group -> name on the desk


def ensure_pools(patch_sets: Sequence[PatchSet]) -> list[Pool]:
    """Offer the patch sets to studies."""
    return [
        row.pools.first() or pools.create(name=row.name, patch_set=row, by=USER_NAME, now=timezone.now())
        for row in patch_sets
    ]


def ensure_study(chosen: Sequence[Pool], *, name: str) -> Study:
    """Create, freeze and open the study; one that is open, or closed by now, stays as it is."""
    study = Study.objects.filter(name=name).first()
    if study is None:
        rules = replace(
            protocol.paper(seed=STUDY_SEED, scale=SCALE),
            confidence_levels=4,
            arrival=arrivals.recommended(),
            conduct=Conduct(break_every=BREAK_EVERY),
        )
        study = studies.create(name=name, protocol=rules, pools=chosen, by=USER_NAME, now=timezone.now())
    if study.status == Study.Status.DRAFT:
        study = studies.freeze(study=study, by=USER_NAME, now=timezone.now())
    if study.status == Study.Status.FROZEN:
        study = studies.open_to_readers(study=study, by=USER_NAME, now=timezone.now())
    return study


def ensure_links(study: Study) -> Mapping[str, str]:
    """Invite one reader of each group; return the path of each personal link."""
    links = {}
    for group, name in READERS.items():
        reader = study.readers.filter(group=group, name=name).select_related("invitation").first()
        if reader is not None:
            invitation = reader.invitation
        elif study.status != Study.Status.CLOSED:
            invitation = invitations.invite(
                study=study, name=name, group=group, by=USER_NAME, now=timezone.now()
            )
        else:
            continue
        links[group] = reverse("reading:arrival", args=[link_token(invitation)])
    return links
