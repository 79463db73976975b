"""Makes what the faults strike, inside an instance: `python -m tests.service.faults.make_reading N_READERS`; prints JSON."""

import json
import os
import sys

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from evaluation.models import StudyAnalysis  # noqa: E402
from generation.core.labels import LESION_CLASSES  # noqa: E402
from generation.models import Job  # noqa: E402
from readerstudy.core.conduct import Conduct  # noqa: E402
from readerstudy.models import ReadingSession, Study  # noqa: E402
from readerstudy.services import studies  # noqa: E402
from readerstudy.serving import serve  # noqa: E402
from tests import factories  # noqa: E402

N_LARGE = 24_000_000  # bytes of a report: more than any socket between two programs takes in


def readers(n: int) -> list[dict[str, str]]:
    """Readers of one open study without a warm-up, 24 test panels each, with the cookies of their browsers."""
    per_class = {"real": 4, "dcgan": 2, "wgan": 2}
    test = {source: dict.fromkeys(LESION_CLASSES, n_each) for source, n_each in per_class.items()}
    conduct = Conduct(min_viewing_seconds=1)
    protocol = factories.small_protocol(test=test, warm_up={}, conduct=conduct)
    study = factories.make_study(protocol=protocol)
    found = []
    for _ in range(n):
        invitation = factories.make_invitation(study)
        browser = factories.ReadingBrowser(invitation).begin()
        session = ReadingSession.objects.get(invitation=invitation)
        cookies = {name: browser.client.cookies[name].value for name in ("reading", "csrftoken")}
        found.append({"public_id": session.public_id, "slug": study.slug, **cookies})
    return found


def closed_study() -> str:
    """A closed study with an analysis whose report is too large to be sent in one go."""
    study = factories.make_study("open", protocol=factories.small_protocol(warm_up={}))
    study = studies.close(study=study, by=factories.ADMIN, now=timezone.now())
    row = StudyAnalysis.objects.get(study=study)
    row.folder.mkdir(parents=True)
    (row.folder / "report.html").write_bytes(os.urandom(N_LARGE))
    row.status, row.files, row.finished_at = Job.Status.FINISHED, ["report.html"], timezone.now()
    row.save()
    return study.slug


def admin() -> str:
    """The session of an admin at the desk."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("Ada Admin"))
    return str(client.cookies["sessionid"].value)


if __name__ == "__main__":
    serve.prepare()
    made = {"readers": readers(int(sys.argv[1])), "admin": admin()}
    made |= {"draft": factories.make_study("draft").slug, "closed": closed_study()}
    assert Study.objects.count() == 3
    sys.stdout.write(json.dumps(made) + "\n")
