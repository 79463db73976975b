"""Health, readiness and metrics, and the header that forbids foreign scripts."""

import os
import shutil

import pytest
from django.db import connection
from django.test import Client

from readerstudy import health
from readerstudy.models import ReadingSession
from tests import nursery

TOKEN = "a-token-of-the-operator"


class TestLive:
    def test_answers_without_touching_the_database(self, client, django_assert_num_queries, db):
        with django_assert_num_queries(0):
            response = client.get("/health/live")
        assert (response.status_code, response.content) == (200, b"alive\n")


class TestReady:
    def test_all_is_well(self, client, db, data_folder):
        data_folder.mkdir()
        response = client.get("/health/ready")
        assert response.status_code == 200
        assert response.json() == {
            "status": "ready",
            "checks": {"database": "well", "files": "well", "queue": "well"},
        }

    def test_a_full_disk_is_not_ready(self, client, db, data_folder, monkeypatch):
        data_folder.mkdir()
        monkeypatch.setattr(health, "MIN_FREE_BYTES", shutil.disk_usage(data_folder).total * 2)
        response = client.get("/health/ready")
        assert response.status_code == 503
        assert "are free where the data folder lies; make room" in response.json()["checks"]["files"]

    def test_a_database_that_is_gone_is_not_ready(self, client, db, data_folder, monkeypatch):
        def broken() -> None:
            raise ConnectionError("postgresql://reader:s3cret@db/study")

        data_folder.mkdir()
        with monkeypatch.context() as away:
            away.setattr(connection, "cursor", broken)
            response = client.get("/health/ready")
        assert response.status_code == 503
        assert response.json()["checks"]["database"] == "ConnectionError when it was looked at."

    def test_an_unmigrated_database_is_named(self, tmp_path):
        code = "import django; django.setup(); from readerstudy import health; print(health.examine()['database'].words)"
        environment = {
            **os.environ,
            "READERSTUDY_DATA": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "readerstudy.settings",
        }
        environment.pop("DATABASE_URL", None)
        done = nursery.run(["-c", code], env=environment)
        assert (
            done.stdout == "The database has not been migrated to this version; run `manage.py migrate`.\n"
        ), done.stderr

    def test_a_queue_that_is_down_delays_jobs_not_readers(self):
        findings = {"queue": health.Finding(is_well=False, is_needed=False, words="down")}
        assert health.is_ready(findings)


class TestMetrics:
    def test_is_no_page_without_a_token_of_the_operator(self, client, db):
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    @pytest.mark.parametrize("given", ["", "Bearer other", f"Basic {TOKEN}"])
    def test_is_no_page_for_a_wrong_token(self, client, db, settings, given):
        settings.METRICS_TOKEN = TOKEN
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404

    def test_counts_requests_by_route_and_never_by_address(self, open_study, radiologist, settings):
        settings.METRICS_TOKEN = TOKEN
        radiologist.begin().see_warm_up()
        radiologist.press("fake")
        counted = Client()  # its handler is built with the token in place
        counted.get("/sign-in/")
        text = counted.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
        assert "readerstudy_responses 1.0" in text
        assert 'readerstudy_sessions{state="test"} 1.0' in text
        assert 'readerstudy_studies{status="open"} 1.0' in text
        assert 'readerstudy_http_requests_total{method="GET",route="login",status="200"}' in text
        assert ReadingSession.objects.get().public_id not in text
        assert "/read/" not in text

    def test_says_nothing_of_real_and_synthetic(self, open_study, settings):
        settings.METRICS_TOKEN = TOKEN
        text = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
        for word in ("dcgan", "wgan", "fake", "correct", "answer="):
            assert word not in text


class TestContentSecurityPolicy:
    @pytest.mark.parametrize(
        "address", ["/sign-in/", "/desk/", "/nowhere/", "/read/i/x/", "/health/live", "/support/"]
    )
    def test_every_page_forbids_inline_and_foreign_code(self, study_admin, address):
        policy = study_admin.get(address)["Content-Security-Policy"]
        assert "script-src 'self';" in policy + ";"
        assert "style-src 'self';" in policy + ";"
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
