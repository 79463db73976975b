"""The preview of a trial shows what readers will meet, on warm-up panels alone."""

import numpy as np
import pytest
from django.urls import reverse

from readerstudy.core import panel_data
from readerstudy.models import Study, Trial
from readerstudy.selectors import pixels
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, make_noise, make_pool, make_study, small_protocol

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> Study:
    """Patches of noise, so that no two are alike."""
    offered = [make_pool(source, draw=make_noise) for source in ("real", "dcgan", "wgan")]
    return make_study("draft", offered=offered)


def shown(client, study: Study) -> list[bytes]:
    """The data of every panel of the preview."""
    found = []
    while True:
        address = reverse("readerstudy:study_preview_data", args=[study.slug, len(found) + 1])
        response = client.get(address)
        if response.status_code == 404:
            return found
        found.append(response.content)


def test_a_draft_previews_what_freezing_then_draws_into_the_warm_up(study_admin, draft):
    before = shown(study_admin, draft)
    study = studies.freeze(study=draft, by=ADMIN, now=NOW)
    frozen = pixels.of_study(study)
    drawn = {
        phase: {
            panel_data.encode(np.asarray(frozen[case.pixel_index]))
            for case in study.cases.filter(phase=phase)
        }
        for phase in ("warm_up", "test")
    }
    assert len(before) == 6
    assert set(before) == drawn["warm_up"]
    assert not set(before) & drawn["test"]
    assert set(shown(study_admin, study)) == drawn["warm_up"]


def test_it_asks_as_the_test_does_and_tells_no_origin(study_admin):
    protocol = small_protocol(confidence_levels=4, question="Scan or not?", language="de")
    study = make_study("draft", protocol=protocol)
    response = study_admin.get(reverse("readerstudy:study_preview_panel", args=[study.slug, 2]))
    text = response.content.decode()
    assert "Scan or not?" in text
    assert text.count('name="confidence"') == 4
    assert "dcgan" not in text.lower()
    assert text.count(reverse("readerstudy:study_preview_panel", args=[study.slug, 3])) == 2
    assert not Trial.objects.exists()


def test_the_last_panel_leads_to_the_first(study_admin, draft):
    text = study_admin.get(reverse("readerstudy:study_preview_panel", args=[draft.slug, 6])).content.decode()
    assert text.count(reverse("readerstudy:study_preview_panel", args=[draft.slug, 1])) == 2


@pytest.mark.parametrize("name", ["study_preview_panel", "study_preview_data", "study_preview_picture"])
@pytest.mark.parametrize("number", [0, 7])
def test_there_is_no_panel_beyond_the_warm_up(study_admin, draft, name, number):
    assert study_admin.get(reverse(f"readerstudy:{name}", args=[draft.slug, number])).status_code == 404


def test_pictures_have_one_length(study_admin, draft):
    lengths = {
        len(study_admin.get(reverse("readerstudy:study_preview_picture", args=[draft.slug, number])).content)
        for number in range(1, 7)
    }
    assert len(lengths) == 1


def test_without_a_warm_up_it_says_what_is_missing(study_admin):
    study = make_study("draft", protocol=small_protocol(warm_up={}))
    response = study_admin.get(reverse("readerstudy:study_preview", args=[study.slug]), follow=True)
    text = response.content.decode()
    assert "The preview shows warm-up panels, but the warm-up has none" in text
    assert "Preview a trial" not in text


def test_a_draft_whose_pools_became_too_small_says_so(study_admin, draft):
    protocol = draft.protocol
    protocol["test"]["real"]["benign"] = 99
    Study.objects.filter(pk=draft.pk).update(protocol=protocol)
    response = study_admin.get(reverse("readerstudy:study_preview", args=[draft.slug]), follow=True)
    assert "lower the quota or choose a larger pool" in response.content.decode()
    data = study_admin.get(reverse("readerstudy:study_preview_data", args=[draft.slug, 1]))
    assert data.status_code == 404
