"""The study of the paper from protocol to Table 3, every answer given through the reader's own forms."""

import csv
import io
from collections import Counter

import pytest
from django.urls import reverse

from readerstudy.core import protocol as protocols
from readerstudy.models import ReadingSession, Response, Trial
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study
from tests.visible import visible_text

# Haarburger 2019, Table 3; each percentage is one integer count of 240 real and 120 panels per generator.
N_CORRECT = {
    "layperson": {"real": 155, "dcgan": 75, "wgan": 84},
    "radiologist": {"real": 176, "dcgan": 90, "wgan": 92},
}
TABLE_3 = {
    ("layperson", "real"): "64.6",
    ("layperson", "dcgan"): "62.5",
    ("layperson", "wgan"): "70.0",
    ("radiologist", "real"): "73.3",
    ("radiologist", "dcgan"): "75.0",
    ("radiologist", "wgan"): "76.7",
}


@pytest.mark.slow
@pytest.mark.django_db
def test_table_3_of_the_paper_comes_out_of_the_forms(study_admin):
    study = make_study("open", protocol=protocols.paper(seed=2019), n_per_class=96)
    pseudonyms = {}
    for group, n_correct in N_CORRECT.items():
        invitation = make_invitation(study, group.title(), group)
        pseudonyms[invitation.reader.pseudonym] = group
        read_as_scripted(ReadingBrowser(invitation), dict(n_correct))
    assert ReadingSession.objects.filter(state="finished").count() == 2
    assert Response.objects.count() == 2 * 480
    assert Trial.objects.filter(phase="warm_up", response__isnull=False).count() == 0

    address = reverse("evaluation:table3_csv", args=[study.slug])
    assert b"fraction_correct" not in b"".join(study_admin.get(address))  # blinded until the study is closed
    studies.close(study=study, by=ADMIN, now=NOW)
    table = b"".join(study_admin.get(address)).decode()
    lines = list(csv.DictReader(io.StringIO(table)))
    found = {
        (pseudonyms[line["reader"]], line["origin"]): f"{100 * float(line['fraction_correct']):.1f}"
        for line in lines
        if line["origin"] != "all"
    }
    assert found == TABLE_3
    assert {
        (line["origin"], line["n_trials"]) for line in lines if line["origin"] in N_CORRECT["layperson"]
    } == {
        ("real", "240"),
        ("dcgan", "120"),
        ("wgan", "120"),
    }


def read_as_scripted(reader: ReadingBrowser, still_correct: dict[str, int]) -> None:
    """Answer the first n panels of each source correctly and the rest wrongly, pressing the buttons of each page."""
    reader.begin()
    n_warm_up = Counter()
    while "Warm-up" in reader.text:
        n_warm_up["is real" in visible_text(reader.text)] += 1
        reader.press()
    assert sorted(n_warm_up.values()) == [24, 24]
    reader.follow_link()
    truth = dict(Trial.objects.filter(phase="test").values_list("token", "case__source"))
    for position in range(1, 481):
        assert f"Trial {position} of 480" in reader.text
        source = truth[reader.token]
        is_correct = still_correct[source] > 0
        still_correct[source] -= is_correct
        reader.press("real" if (source == "real") == is_correct else "fake")
    assert "All done" in reader.text
