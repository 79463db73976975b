"""Lists that sort, filter, search and turn pages, on every page that has one."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from generation.models import Cohort, PatchSet, TrainingRun
from generation.views import lists
from generation.views.listing import Column, Filter, Listing
from readerstudy.models import Study
from tests.factories import NOW, make_patch_set, make_study

pytestmark = pytest.mark.django_db

LISTING = Listing(
    columns=(
        Column("name", "Cohort", ("name",)),
        Column("when", "When", ("finished_at",)),
        Column("action", "Action", is_hidden=True),
    ),
    filters=(Filter("status", "Import", "status"),),
    searched=("name", "note"),
    sort="name",
)


def make_cohort(name: str, **fields) -> Cohort:
    values = {"name": name, "slug": name.lower().replace(" ", "-"), "created_at": NOW, "status": "finished"}
    return Cohort.objects.create(**{**values, **fields})


def names(asked=None, listing=LISTING, per_page=50):
    return [row.name for row in listing.read(asked or {}, Cohort.objects.all(), per_page=per_page).page]


@pytest.fixture
def three() -> None:
    make_cohort("Bonn", finished_at=NOW)
    make_cohort("Aachen west", note="3 T scanner", finished_at=NOW + timedelta(days=1))
    make_cohort("Aachen east", status="failed")


@pytest.mark.usefixtures("three")
class TestRead:
    def test_sorts_by_its_column(self):
        assert names() == ["Aachen east", "Aachen west", "Bonn"]
        assert names({"sort": "name", "order": "desc"}) == ["Bonn", "Aachen west", "Aachen east"]

    def test_rows_without_a_value_come_last_both_ways(self):
        assert names({"sort": "when"}) == ["Bonn", "Aachen west", "Aachen east"]
        assert names({"sort": "when", "order": "desc"}) == ["Aachen west", "Bonn", "Aachen east"]

    @pytest.mark.parametrize("sort", ["action", "password", "", "name; drop table"])
    def test_what_cannot_be_sorted_by_is_left_out(self, sort):
        assert names({"sort": sort, "order": "desc"}) == ["Aachen east", "Aachen west", "Bonn"]

    def test_every_word_has_to_occur_somewhere(self):
        assert names({"words": "aachen"}) == ["Aachen east", "Aachen west"]
        assert names({"words": " SCANNER aachen "}) == ["Aachen west"]
        assert names({"words": "bonn scanner"}) == []
        assert names({"words": "\x00bonn"}) == ["Bonn"]

    def test_filter_offers_what_occurs_and_ignores_the_rest(self):
        listed = LISTING.read({"status": "failed"}, Cohort.objects.all())
        assert [row.name for row in listed.page] == ["Aachen east"]
        assert listed.choosers[0].offered == [("failed", "failed"), ("finished", "finished")]
        assert len(names({"status": "burnt"})) == 3

    def test_pages_keep_what_was_asked(self):
        asked = {"words": "a", "status": "finished", "sort": "name", "order": "desc", "page": "1"}
        listed = LISTING.read({**asked, "words": ""}, Cohort.objects.all(), per_page=1)
        assert listed.n_found == 2
        assert listed.next_query == "status=finished&sort=name&order=desc&page=2"
        assert names({"page": "99"}, per_page=2) == ["Bonn"]
        assert names({"page": "x"}, per_page=2) == ["Aachen east", "Aachen west"]

    def test_pressing_a_heading_again_turns_the_order(self):
        listed = LISTING.read({"words": "aachen"}, Cohort.objects.all())
        by_name = {one.column.name: one for one in listed.headings}
        assert by_name["name"].sorted == "ascending"
        assert by_name["name"].query == "words=aachen&sort=name&order=desc"
        assert by_name["when"].query == "words=aachen&sort=when&order=asc"
        assert (by_name["action"].query, by_name["action"].sorted) == ("", "")

    def test_empty_or_nothing_matches(self):
        nothing = LISTING.read({"words": "Cologne"}, Cohort.objects.all())
        assert (nothing.is_empty, nothing.n_found) == (False, 0)
        assert LISTING.read({}, Cohort.objects.none()).is_empty


@pytest.mark.usefixtures("three")
class TestOrderOfEquals:
    def test_a_page_never_repeats_a_row(self):
        for number in range(60):
            make_cohort("Same", slug=f"same-{number}")
        seen = [
            row.pk
            for page in (1, 2)
            for row in LISTING.read({"page": page}, Cohort.objects.all(), per_page=50).page
        ]
        assert len(seen) == len(set(seen)) == 63


def make_run(name: str, **fields) -> TrainingRun:
    from generation.core import presets

    patch_set = PatchSet.objects.first() or make_patch_set()
    return TrainingRun.objects.create(
        name=name,
        slug=name.lower().replace(" ", "-"),
        patch_set=patch_set,
        preset="dcgan",
        config=presets.preset("dcgan").to_dict(),
        seed=1,
        created_at=NOW,
        **fields,
    )


PAGES = {
    "generation:cohorts": lambda: make_cohort("Findable", slug="findable"),
    "generation:patch_sets": lambda: PatchSet.objects.create(
        name="Findable", slug="findable", source="real", created_at=NOW
    ),
    "generation:training_runs": lambda: make_run("Findable"),
    "readerstudy:studies": lambda: Study.objects.filter(pk=make_study("draft").pk).update(name="Findable"),
}


@pytest.mark.parametrize("page", PAGES)
class TestPages:
    def test_empty_says_what_to_do_next(self, page, study_admin):
        text = study_admin.get(reverse(page)).content.decode()
        assert 'class="empty"' in text
        assert 'role="search"' not in text
        assert re.search(r'class="empty">.*?<a ', text, re.DOTALL)

    def test_search_finds_and_says_when_nothing_matches(self, page, study_admin):
        PAGES[page]()
        found = study_admin.get(reverse(page), {"words": "findable"}).content.decode()
        assert "1 found" in found
        assert 'value="findable"' in found
        assert '<th scope="col" aria-sort="' in found or "made" in found
        nothing = study_admin.get(reverse(page), {"words": "nowhere"}).content.decode()
        assert "match “nowhere”" in nothing
        assert '<a href="?">show all</a>' in nothing
        assert "<tbody>" not in nothing

    def test_sorted_heading_says_so(self, page, study_admin):
        PAGES[page]()
        text = study_admin.get(reverse(page), {"sort": "name", "order": "desc"}).content.decode()
        assert text.count("aria-sort=") == 1
        assert 'aria-sort="descending"><a href="?sort=name&amp;order=asc"' in text


class TestRefresh:
    def test_a_running_part_is_fetched_again_from_the_address_with_its_filter(self, study_admin):
        """static/js/desk/refresh.js asks for location.href, so that filter and order stay."""
        make_run("Findable", status="running")
        text = study_admin.get(reverse("generation:training_runs"), {"status": "running"}).content.decode()
        assert 'id="runs" data-refresh="3"' in text
        other = study_admin.get(reverse("generation:training_runs"), {"status": "failed"}).content.decode()
        assert "data-refresh" not in other


class TestAudit:
    def test_by_verb_and_actor(self, study_admin):
        study = make_study("open")
        page = reverse("readerstudy:study_audit", args=[study.slug])
        listed = study_admin.get(page, {"verb": "study.frozen"}).context["list"]
        assert [event.verb for event in listed.page] == ["study.frozen"]
        assert dict(listed.choosers[0].offered)["study.frozen"] == "study frozen"
        nobody = study_admin.get(page, {"actor": "admin", "sort": "who"}).context["list"]
        assert nobody.n_found == 3


def test_every_column_of_every_listing_can_be_sorted_by():
    from evaluation.models import MetricRun
    from evaluation.views.lists import METRIC_RUNS
    from generation.selectors import cohorts, patch_sets, training_runs
    from readerstudy.models import AuditEvent, Pool
    from readerstudy.selectors import studies
    from readerstudy.views.lists import AUDIT, POOLS, STUDIES

    for listing, rows in (
        (lists.COHORTS, cohorts.all_cohorts()),
        (lists.PATCH_SETS, patch_sets.everything()),
        (lists.TRAINING_RUNS, training_runs.all_runs()),
        (STUDIES, studies.studies()),
        (POOLS, Pool.objects.all()),
        (AUDIT, AuditEvent.objects.all()),
        (METRIC_RUNS, MetricRun.objects.all()),
    ):
        for name in listing.by_name:
            assert listing.read({"sort": name, "order": "desc", "words": "x"}, rows).n_found == 0
