"""Makes the study that is read, and checks afterwards what was stored; see __main__.py."""

import numpy as np
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from benchmarks.reading_server.browser import answer_to
from generation.core.frames import MAX_INTENSITY, assemble
from generation.core.labels import LESION_CLASSES, REAL
from generation.core.patch_set import PatchRow, PatchSetWriter
from generation.models import PatchSet
from readerstudy.core import protocol as protocols
from readerstudy.models import Pool, ReadingSession, Response, Trial
from readerstudy.selectors.links import link_token
from readerstudy.services import invitations, pools, studies

BY = "benchmark"


def make(n_readers: int, n_trials: int = 0) -> dict[str, object]:
    """The paper's study or one of so many test panels, open, with a personal link for each reader."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    protocol = _protocol(n_trials) if n_trials else protocols.paper(seed=1)
    offered = [_pool(source, protocol.n_panels // 3 + 3) for source in protocol.sources]
    now = timezone.now()
    study = studies.create(name="Benchmark", protocol=protocol, pools=offered, by=BY, now=now)
    study = studies.freeze(study=study, by=BY, now=now)
    study = studies.open_to_readers(study=study, by=BY, now=now)
    links = []
    for number in range(n_readers):
        invited = invitations.invite(study=study, name=f"Reader {number}", group="layperson", by=BY, now=now)
        links.append(reverse("reading:arrival", args=[link_token(invited)]))
    return {"links": links}


def _protocol(n_trials: int) -> protocols.Protocol:
    """Half reals, a quarter of each generator, six panels of warm-up; 12 test panels or a multiple."""
    quotas = {
        "real": dict.fromkeys(LESION_CLASSES, n_trials // 6),
        "dcgan": dict.fromkeys(LESION_CLASSES, n_trials // 12),
        "wgan": dict.fromkeys(LESION_CLASSES, n_trials // 12),
    }
    return protocols.Protocol(quotas, protocols.spread_warm_up(3, 3, ("dcgan", "wgan")), seed=1)


def check() -> dict[str, object]:
    """Count what was stored, and what of it is not as it was sent."""
    stored = dict(Response.objects.values_list("trial__token", "answer"))
    return {
        "n_responses": Response.objects.count(),
        "n_trials": Trial.objects.filter(phase="test").count(),
        "n_wrong": sum(answer != answer_to(token) for token, answer in stored.items()),
        "n_finished": ReadingSession.objects.filter(state="finished").count(),
    }


def _pool(source: str, n_per_class: int) -> Pool:
    rng = np.random.default_rng([1, len(source)])
    rows = [
        PatchRow(patient=f"P{i % 60:03d}" if source == REAL else "", lesion_class=lesion_class)
        for lesion_class in LESION_CLASSES
        for i in range(n_per_class)
    ]
    frames = rng.integers(0, MAX_INTENSITY, size=(len(rows), 6, 64, 64), dtype=np.int16)
    with PatchSetWriter(settings.READERSTUDY_DATA / "patch_sets" / source, source=source) as writer:
        writer.add(assemble(frames), rows)
        folder = writer.finish({"made by": BY})
    now = timezone.now()
    patch_set = PatchSet.objects.create(
        name=source,
        slug=source,
        source=source,
        status=PatchSet.Status.FINISHED,
        sha256=folder.sha256,
        created_at=now,
        **{f"n_{lesion_class}": n_per_class for lesion_class in LESION_CLASSES},
    )
    return pools.create(name=source, patch_set=patch_set, by=BY, now=now)
