"""Results of a study: sealed until it is closed, then the table that the answers make."""

import csv
import io
import json

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.models import Study
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study

pytestmark = [pytest.mark.django_db]


def url(name: str, study) -> str:
    return reverse(f"evaluation:{name}", args=[study.slug])


def close(study):
    return studies.close(study=study, by=ADMIN, now=NOW)


def content_of(response) -> str:
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def make_read_study() -> Study:
    """The radiologist calls everything fake, the layperson stops after five answers."""
    study = make_study("open")
    radiologist = ReadingBrowser(make_invitation(study, "Rosa Radiologist", "radiologist"))
    radiologist.begin().see_warm_up()
    while "All done" not in radiologist.text:
        radiologist.press("fake")
    layperson = ReadingBrowser(make_invitation(study, "Leo Layperson", "layperson"))
    layperson.begin().see_warm_up()
    for _ in range(5):
        layperson.press("real")
    return study


@pytest.fixture
def read_study(once):
    return once(make_read_study)


class TestSealed:
    @pytest.mark.parametrize("name", ["table3_csv", "statistics_json"])
    def test_no_download_while_open(self, study_admin, read_study, name):
        response = study_admin.get(url(name, read_study))
        assert response.status_code == 403
        assert "results and trials can be seen once it is closed" in response.content.decode()

    def test_the_page_says_that_it_is_sealed_and_holds_no_number(self, study_admin, read_study):
        response = study_admin.get(url("results", read_study))
        text = response.content.decode()
        assert response.status_code == 200
        assert "stay sealed until it is closed" in text
        assert "Table 3" not in text
        assert "%" not in text.split("<main")[1]

    @pytest.mark.parametrize("name", ["results", "table3_csv", "statistics_json"])
    def test_nobody_without_an_account(self, read_study, name):
        close(read_study)
        response = Client().get(url(name, read_study))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("login"))

    def test_a_reader_has_no_account(self, read_study):
        radiologist = ReadingBrowser(read_study.readers.get(name="Rosa Radiologist").invitation)
        radiologist.open()
        close(read_study)
        assert radiologist.client.get(url("results", read_study)).status_code == 302


class TestClosed:
    def test_table_3_csv_of_a_reader_who_says_fake_every_time(self, study_admin, read_study):
        close(read_study)
        lines = csv.DictReader(io.StringIO(content_of(study_admin.get(url("table3_csv", read_study)))))
        table = {(line["reader"], line["origin"]): line for line in lines}
        cells = {key: (line["n_correct"], line["n_trials"]) for key, line in table.items() if key[0] == "R01"}
        # small protocol: 6 reals all missed, 3 + 3 fakes all found; the 3 + 3 of the warm-up do not count
        assert cells == {
            ("R01", "real"): ("0", "6"),
            ("R01", "dcgan"): ("3", "3"),
            ("R01", "wgan"): ("3", "3"),
            ("R01", "all"): ("6", "12"),
        }
        assert (table["R01", "real"]["ci_low"], table["R01", "dcgan"]["ci_high"]) == ("0", "1")
        assert table["R01", "all"]["p_chance"] == "1"

    def test_unanswered_trials_are_left_out_and_counted(self, study_admin, read_study):
        close(read_study)
        text = study_admin.get(url("results", read_study)).content.decode()
        assert "7 unanswered" in text
        listed = json.loads(content_of(study_admin.get(url("statistics_json", read_study))))
        overall = next(
            r
            for r in listed
            if (r["analysis"], r["reader"], r["origin"], r["tissue"]) == ("accuracy", "R02", "all", "all")
        )
        assert (overall["n"], overall["note"]) == (5, "7 unanswered trials left out")

    def test_the_page_shows_numbers_with_n_interval_and_population(self, study_admin, read_study):
        close(read_study)
        text = study_admin.get(url("results", read_study)).content.decode()
        for part in (
            "Table 3.",
            "6/12",
            "95 % Wilson interval",
            "cannot speak for all readers",
            "<svg",
            "No findings",
        ):
            assert part in text, part
        assert "indistinguishable" not in text
        assert " style=" not in text
        assert "Rosa" not in text  # readers appear under their pseudonyms

    def test_a_study_nobody_read(self, study_admin, open_study):
        ReadingBrowser(make_invitation(open_study, "Nora Never", "layperson"))
        close(open_study)
        response = study_admin.get(url("results", open_study))
        assert "There is nothing to tabulate" in response.content.decode()
        assert content_of(study_admin.get(url("table3_csv", open_study))).count("\n") == 1

    def test_only_get(self, study_admin, read_study):
        assert study_admin.post(url("results", read_study)).status_code == 405
