"""Everything of a study: as one ZIP, as a folder, file by file."""

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from evaluation.core import analysis as analyses
from evaluation.core import archive, case_table, data_dictionary, readings
from evaluation.jobs import analysing
from evaluation.models import MetricRun, StudyAnalysis
from evaluation.selectors import exports, metric_runs
from generation.models import Job, PatchSet
from readerstudy.core.errors import Refused
from readerstudy.core.trial_csv import read_rows
from readerstudy.models import AuditEvent, Reader, ReadingSession, Response, Study
from readerstudy.selectors import trials
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study

pytestmark = [pytest.mark.django_db]
PAYLOADS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1:A9)", "\t=1+1", "\r=1+1")
ALWAYS = {
    "README.txt", "trials.csv", "trials.ndjson", "readers.csv", "table3.csv", "table2.csv", "study.json", "audit.csv",
    "reproduce.R", "data-dictionary.csv", "data-dictionary.md", "manifest.json",
}  # fmt: skip


def url(name: str, study) -> str:
    return reverse(f"evaluation:{name}", args=[study.slug])


def unzipped(response) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def make_closed_study() -> Study:
    """The radiologist reads to the end, the layperson stops after one panel."""
    study = make_study("open")
    radiologist = ReadingBrowser(make_invitation(study, "Rosa Radiologist", "radiologist"))
    radiologist.begin().see_warm_up()
    while "All done" not in radiologist.text:
        radiologist.press("fake")
    layperson = ReadingBrowser(make_invitation(study, "Leo Layperson", "layperson"))
    layperson.begin().see_warm_up()
    layperson.press("real")
    return studies.close(study=study, by=ADMIN, now=NOW)


def make_analysed_study() -> Study:
    study = make_closed_study()
    analysing.run(StudyAnalysis.objects.get(study=study).pk)
    return study


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Few bootstrap replicates: nothing here depends on their number."""
    monkeypatch.setattr(
        analysing, "options_of", lambda row: analyses.AnalysisOptions(margin=0.1, n_replicates=100)
    )


@pytest.fixture
def closed_study(once):
    return once(make_closed_study)


@pytest.fixture
def analysed(once):
    return once(make_analysed_study)


class TestZip:
    def test_it_holds_every_file_and_a_manifest_that_is_right(self, analysed, study_admin):
        response = study_admin.get(url("everything_zip", analysed))
        assert response.streaming
        assert response["Content-Disposition"] == f'attachment; filename="{analysed.slug}-everything.zip"'
        with unzipped(response) as found:
            assert found.testzip() is None
            names = set(found.namelist())
            assert names >= ALWAYS | {"statistics.json", "report.html", "cases.csv", "imrmc.txt"}
            assert "page.json" not in names
            manifest = json.loads(found.read("manifest.json"))
            assert {one["name"] for one in manifest["files"]} == names - {"manifest.json"}
            for one in manifest["files"]:
                content = found.read(one["name"])
                assert (one["n_bytes"], one["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
            assert manifest["fingerprint_sha256"] == analysed.fingerprint
            assert manifest["software"]["version"]
            assert read_rows(found.read("trials.csv").decode().splitlines()) == list(
                trials.trial_rows(analysed)
            )
            facts = json.loads(found.read("study.json"))
            assert (facts["protocol"], facts["version"]) == (analysed.protocol, 1)
            assert "report.html" in found.read("README.txt").decode()

    def test_the_same_twice_at_the_same_time(self, closed_study):
        def made():
            members = exports.members(closed_study, now=NOW)
            return b"".join(archive.zip_pieces(members, exports.manifest_of(closed_study, now=NOW), at=NOW))

        assert made() == made()

    def test_before_the_analysis_it_says_what_is_missing(self, closed_study, study_admin):
        with unzipped(study_admin.get(url("everything_zip", closed_study))) as found:
            assert set(found.namelist()) == ALWAYS
            assert (
                "Not analysed yet: report, statistics and figures are missing."
                in found.read("README.txt").decode()
            )

    def test_no_name_of_a_reader_leaves(self, analysed, study_admin):
        Reader.objects.filter(pseudonym="R01").update(email="rosa@example.org")
        AuditEvent.objects.create(
            study=analysed,
            actor=ADMIN,
            verb="study.closed",
            at=NOW,
            data={"to": "Rosa Radiologist, rosa@example.org"},
        )
        with unzipped(study_admin.get(url("everything_zip", analysed))) as found:
            for name in found.namelist():
                content = found.read(name)
                assert not [one for one in (b"Rosa", b"rosa@", b"Leo L") if one in content], name

    def test_trials_as_json_lines_say_the_same(self, closed_study, study_admin):
        with unzipped(study_admin.get(url("everything_zip", closed_study))) as found:
            plain = [json.loads(one) for one in found.read("trials.ndjson").decode().splitlines()]
            table = list(csv.DictReader(found.read("trials.csv").decode().splitlines()))
        assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in plain] == table

    def test_the_dictionary_names_every_column(self, analysed, study_admin):
        known = {file.name: [one.name for one in file.columns] for file in data_dictionary.files()}
        optional = {"table3.csv": {"note"}, "cases.csv": {"note"}, "trials.csv": {"is_after_unblinding"}}
        optional["readers.csv"] = {data_dictionary.EXPERTISE}
        with unzipped(study_admin.get(url("everything_zip", analysed))) as found:
            for name in ("trials.csv", "readers.csv", "table3.csv", "table2.csv", "cases.csv", "audit.csv"):
                header = next(csv.reader(found.read(name).decode().splitlines()))
                there = [one for one in header if not one.startswith("expertise: ")]
                assert there == [one for one in known[name] if one not in optional.get(name, ())], name

    def test_a_download_that_is_broken_off_stops_reading(self, closed_study, monkeypatch):
        read = []

        def rows(study):
            for row in original(study):
                for number in range(3000):
                    read.append(number)
                    yield replace(
                        row, extra=row.extra | {"comment": hashlib.sha256(b"%d" % len(read)).hexdigest()}
                    )

        original = trials.trial_rows
        monkeypatch.setattr(exports.trials, "trial_rows", rows)
        members = exports.members(closed_study, now=NOW)
        pieces = archive.zip_pieces(members, exports.manifest_of(closed_study, now=NOW), at=NOW)
        next(piece for piece in pieces if read)
        pieces.close()
        assert 0 < len(read) < 36 * 3000


class TestSealed:
    @pytest.mark.parametrize("name", ["everything_zip", "reader_csv", "audit_csv", "study_table2_csv"])
    def test_nothing_leaves_an_open_study(self, open_study, study_admin, name):
        response = study_admin.get(url(name, open_study))
        assert response.status_code == 403
        assert "can be seen once it is closed" in response.content.decode()
        with pytest.raises(Refused):
            exports.members(open_study, now=NOW)

    def test_the_page_is_sealed(self, open_study, study_admin):
        assert "stay sealed" in study_admin.get(url("exports", open_study)).content.decode()

    @pytest.mark.parametrize(
        "name",
        ["exports", "everything_zip", "reader_csv", "audit_csv", "study_table2_csv", "data_dictionary"],
    )
    def test_only_reading_is_possible(self, closed_study, study_admin, name):
        assert study_admin.post(url(name, closed_study)).status_code == 405


class TestFormulas:
    """A cell that a spreadsheet would run, in every CSV that leaves."""

    def test_no_cell_of_any_file_begins_like_one(self, closed_study):
        self.score(closed_study)
        for payload in PAYLOADS:
            self.fill(closed_study, payload)
            seen = set()
            for one in exports.members(closed_study, now=NOW):
                if one.name.endswith(".csv"):
                    seen |= {one.name} if self.is_neutralised("".join(one.pieces()), payload) else set()
            assert seen == {"trials.csv", "readers.csv", "table3.csv", "table2.csv", "audit.csv"}
            rows = case_table.tabulate(readings.collect(trials.trial_rows(closed_study)))
            assert self.is_neutralised("".join(case_table.csv_lines(rows)), payload)

    def fill(self, study, payload):
        Reader.objects.filter(study=study).update(group=payload)
        Response.objects.update(comment=payload)
        ReadingSession.objects.update(expertise={"Your role": payload})
        study.cases.exclude(source="real").update(source=payload)
        PatchSet.objects.filter(pools__studies=study).update(source=payload, name=payload)
        AuditEvent.objects.filter(study=study).update(actor=payload)

    def is_neutralised(self, text, payload):
        """Whether a CSV holds the payload, behind its apostrophe only."""
        cells = [cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        return f"'{payload}" in cells

    def score(self, study):
        real = study.pools.first().patch_set
        fake = study.pools.last().patch_set
        score = dict.fromkeys(metric_runs.ClassScore.__dataclass_fields__) | {"note": ""}
        MetricRun.objects.create(
            real_set=real, fake_set=fake, extractor="inception", n_draws=1, n_per_set=2, seed=1,
            status=Job.Status.FINISHED, created_at=NOW, results={"classes": {"benign": score}},
        )  # fmt: skip


class TestCommand:
    def test_a_folder_holds_the_same_files(self, analysed, tmp_path):
        call_command("export_study", analysed.slug, out=tmp_path / "out")
        names = {path.name for path in (tmp_path / "out").iterdir()}
        assert names >= ALWAYS | {"report.html"}
        manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
        for one in manifest["files"]:
            assert hashlib.sha256((tmp_path / "out" / one["name"]).read_bytes()).hexdigest() == one["sha256"]

    def test_what_fails_leaves_no_half_of_it(self, closed_study, tmp_path, monkeypatch):
        def broken(study):
            yield "half a line"
            raise OSError(28, "No space left on device", "audit.csv")

        monkeypatch.setattr(exports.study_files, "audit_lines", broken)
        with pytest.raises(CommandError, match=r"audit\.csv cannot be written: No space left on device"):
            call_command("export_study", closed_study.slug, out=tmp_path / "out")
        assert list((tmp_path / "out").iterdir()) == []

    def test_it_can_be_repeated_over_itself(self, closed_study, tmp_path):
        for _ in range(2):
            call_command("export_study", closed_study.slug, out=tmp_path)
        assert "manifest.json" in {path.name for path in tmp_path.iterdir()}


class TestResultsPage:
    def test_it_leads_to_everything(self, analysed, study_admin):
        text = study_admin.get(url("results", analysed)).content.decode()
        for name in ("exports", "statistics", "table3_csv", "statistics_json"):
            assert url(name, analysed) in text
        assert "None of this study’s generated pools has been scored" in text
        assert "Readers beside metrics" in text
        page = study_admin.get(url("exports", analysed)).content.decode()
        for name in ("everything_zip", "reader_csv", "audit_csv", "study_table2_csv", "data_dictionary"):
            assert url(name, analysed) in page

    def test_table_2_is_that_of_its_own_pools(self, closed_study, study_admin):
        own = closed_study.pools.get(patch_set__source="wgan").patch_set
        real = closed_study.pools.get(patch_set__source="real").patch_set
        stranger = PatchSet.objects.create(
            name="Another set",
            slug="another",
            source="wgan",
            status="finished",
            sha256="0" * 64,
            created_at=NOW,
        )
        score = dict.fromkeys(metric_runs.ClassScore.__dataclass_fields__) | {"note": ""}
        for number, fake in enumerate((own, stranger)):
            MetricRun.objects.create(
                real_set=real, fake_set=fake, extractor="inception", n_draws=1, n_per_set=2, seed=1,
                status=Job.Status.FINISHED, created_at=NOW + timedelta(minutes=number),
                results={"classes": {"benign": score}},
            )  # fmt: skip
        assert [run.fake_set for run in metric_runs.of_study(closed_study)] == [own]
        text = study_admin.get(url("results", closed_study)).content.decode()
        assert own.name in text
        assert "Another set" not in text
