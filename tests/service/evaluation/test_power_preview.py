"""What can this study show: a page, and the part of it on the designer's page."""

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.models import Study
from tests.factories import make_pool, make_study

pytestmark = pytest.mark.django_db

ADDRESS = reverse("evaluation:power")


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.READERSTUDY_DATA = tmp_path / "data"


class TestPage:
    def test_it_opens_with_the_papers_numbers(self, admin_client):
        response = admin_client.get(ADDRESS)
        assert response.status_code == 200
        assert response.context["panels"].panels() == {"real": 240, "dcgan": 120, "wgan": 120}
        lines = response.context["power"].one_reader
        # Exact power against .5 at a true .60: .87 with 240 panels, .54 with 120.
        assert [round(line.against_chance, 2) for line in lines] == [0.87, 0.54, 0.54, 0.99]
        text = response.content.decode()
        for shown in (">87 %<", ">54 %<", ">227<"):
            assert shown in text

    def test_numbers_and_assumptions_are_taken_from_the_address(self, admin_client):
        query = {
            "panels_real": "60",
            "panels_stylegan": "60",
            "accuracy": "70",
            "margin": "15",
            "n_readers": "9",
        }
        response = admin_client.get(ADDRESS, query)
        power = response.context["power"]
        assert (power.n_test, power.assumptions.accuracy, power.assumptions.margin) == (120, 0.7, 0.15)
        assert power.assumptions.n_readers == 9
        assert "stylegan" in response.content.decode()
        assert power.pairs == ()

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ({"accuracy": "0"}, "Ensure this value is greater than or equal to 1"),
            ({"accuracy": "95", "difference": "10"}, "leaves the scale"),
            ({"accuracy": "x"}, "Enter a number."),
            ({"n_readers": "101"}, "Ensure this value is less than or equal to 100"),
            (
                {"panels_real": "0", "panels_dcgan": "5"},
                "Give real panels a number, and at least one generator.",
            ),
            ({"panels_real": "-3", "panels_dcgan": "5"}, "Ensure this value is greater than or equal to 0"),
        ],
    )
    @pytest.mark.parametrize("part", [{}, {"part": "1"}])
    def test_what_cannot_be_planned_with_is_said(self, admin_client, query, part, sentence):
        response = admin_client.get(ADDRESS, {**query, **part})
        assert response.status_code == 422
        assert sentence in response.content.decode()

    def test_an_address_with_an_odd_source_shows_the_others(self, admin_client):
        response = admin_client.get(ADDRESS, {"panels_real": "9", "panels_a": "9", "panels_<b>": "9"})
        assert list(response.context["panels"].panels()) == ["real", "a"]

    def test_one_reader_gets_a_dash_for_readers_like_them(self, admin_client):
        text = admin_client.get(ADDRESS, {"n_readers": "1"}).content.decode()
        assert "1 reader: their average" in text
        assert "one reader cannot stand for others" in text

    def test_strangers_are_sent_to_the_sign_in(self):
        assert Client().get(ADDRESS)["Location"] == f"{reverse('login')}?next={ADDRESS}"

    def test_only_reading_is_possible(self, admin_client):
        assert admin_client.post(ADDRESS).status_code == 405


class TestPart:
    def test_it_is_no_page_and_its_inputs_belong_to_no_form(self, admin_client):
        text = admin_client.get(ADDRESS, {"part": "1"}).content.decode()
        assert "<html" not in text
        assert "data-power-answer" in text
        n_inputs = text.count("<input")
        # Five assumptions; the margin of equivalence is a field of the protocol.
        assert n_inputs == text.count('form="power-assumptions"') == text.count("data-assumption") == 5

    def test_the_designer_leads_there_with_its_numbers(self, admin_client):
        for source in ("real", "dcgan", "wgan"):
            make_pool(source)
        text = admin_client.get(reverse("readerstudy:study_new")).content.decode()
        assert (
            f'href="{ADDRESS}?panels_real=240&amp;panels_dcgan=120&amp;panels_wgan=120&amp;margin=10"' in text
        )
        assert text.count('data-quota="real"') == 3

    def test_a_study_leads_there_with_its_numbers(self, admin_client):
        study: Study = make_study("draft")
        text = admin_client.get(reverse("readerstudy:study", args=[study.slug])).content.decode()
        assert f'href="{ADDRESS}?panels_real=6&amp;panels_dcgan=3&amp;panels_wgan=3&amp;margin=10"' in text
