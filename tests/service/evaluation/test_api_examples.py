"""The examples of docs/api.md are run, and the document and its page are sound."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from evaluation.views.api.interface import document
from readerstudy.models import Invitation, Study
from tests.conftest import PROJECT
from tests.factories import make_patch_set
from tests.tokens import Script

TEXT = (PROJECT / "docs" / "api.md").read_text()


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found.group(1)


@pytest.fixture
def environment(transactional_db, live_server) -> dict[str, str]:
    script = Script(User.objects.create_superuser("Ada Admin"))
    return {"BASE": live_server.url, "TOKEN": script.secret, "PATH": os.environ["PATH"]}


class TestExamples:
    @pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
    def test_curl(self, environment):
        done = subprocess.run(["sh", "-c", example("sh")], env=environment, capture_output=True, check=True)
        assert json.loads(done.stdout) == {"items": [], "n_found": 0, "page": 1, "n_pages": 1}

    def test_python(self, environment):
        make_patch_set("real", n_per_class=2)
        make_patch_set("dcgan", n_per_class=2)
        done = subprocess.run(
            [sys.executable, "-c", example("python")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        status, n_cases, reader, link = done.stdout.split()
        assert (status, n_cases, reader) == ("open", "6", "R01")
        assert Study.objects.get().name == "From a script"
        assert Client().get(link.removeprefix(environment["BASE"])).status_code == 200
        assert Invitation.objects.get().reader.name == "First Reader"


class TestDocument:
    def test_is_valid_openapi_31(self):
        found = json.loads(json.dumps(document()))
        validate(found, cls=OpenAPIV31SpecValidator)
        assert found["openapi"].startswith("3.1")

    def test_is_served_without_a_token_and_names_the_scheme(self, db):
        answer = Client().get("/api/v1/openapi.json")
        assert answer.status_code == 200
        [scheme] = answer.json()["components"]["securitySchemes"].values()
        assert scheme == {"type": "http", "scheme": "bearer"}

    def test_every_operation_says_who_may_and_is_named_once(self):
        operations = [one for methods in document()["paths"].values() for one in methods.values()]
        names = [one["operationId"] for one in operations]
        assert len(names) == len(set(names)) > 40
        assert all("For: " in one["description"] and "nobody" not in one["description"] for one in operations)
        assert all(one["summary"] for one in operations)

    def test_page_shows_every_operation_without_another_host(self, study_admin):
        text = study_admin.get(reverse("evaluation:api")).content.decode()
        for path in document()["paths"]:
            assert path.removeprefix("/api/v1") in text
        assert "Answer 202" in text
        assert "string, at most 100 characters" in text
        assert "//cdn" not in text
        assert not re.search(r'(?:src|href)="https?://(?!testserver)', text)
