"""A database that an older version filled comes to today with every row, and its studies go on."""

import json
from contextlib import nullcontext
from typing import Any

import pytest

from tests.instances import make_instance, new_postgresql_database

OF_THEN = {
    "auth.user": 2,
    "evaluation.checkpointscore": 2,
    "generation.checkpoint": 1,
    "generation.cohort": 2,
    "generation.lesion": 2,
    "generation.patchset": 3,
    "generation.patient": 2,
    "generation.trainingrun": 1,
    "readerstudy.auditevent": 14,
    "readerstudy.case": 18,
    "readerstudy.invitation": 2,
    "readerstudy.pool": 3,
    "readerstudy.reader": 2,
    "readerstudy.readingsession": 2,
    "readerstudy.response": 14,
    "readerstudy.study": 2,
    "readerstudy.trial": 36,
}
# As the software of then computed it and somebody may have printed it.
FINGERPRINT = "b326fe4756c364d3c72d35534a6c5b6870f3b8d758797a5dbb690afcf52a8a88"

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.service])])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What tests/older_instance.py tells of an instance that it filled and brought to today."""
    database = new_postgresql_database() if request.param == "postgresql" else nullcontext("")
    with database as url:
        variables = {"DATABASE_URL": url} if url else {}
        instance = make_instance(tmp_path_factory.mktemp("older") / "data", **variables)
        found = json.loads(instance.python("-m", "tests.older_instance").splitlines()[-1])
    assert found["vendor"] == request.param
    return found


class TestRows:
    def test_none_is_lost_and_no_old_column_changed(self, found):
        assert found["n_before"] == OF_THEN
        assert found["changed"] == []

    def test_answers_and_fingerprint_are_those_of_then(self, found):
        assert (found["fingerprint"], found["n_answers"], found["n_open_trials"]) == (FINGERPRINT, 14, 10)
        assert found["differences"] == []


class TestWhatIsNew:
    def test_whoever_made_a_study_owns_it_and_accounts_are_study_admins(self, found):
        assert sorted(found["roles"]) == [
            ["Old draft", "ada", "owner", "ada"],
            ["Old study", "ada", "owner", "ada"],
        ]
        assert found["study_admins"] == ["ada", "chief"]
        assert found["of_permission"] == ["ada"]  # a superuser needs none

    def test_frames_are_those_of_the_paper_and_studies_first_versions(self, found):
        assert found["frame_sets"] == [True] * 5
        assert found["versions"] == [[1, None, None, None]]

    def test_regions_of_patients_wait_for_approval_but_those_of_phantoms_do_not(self, found):
        assert found["regions"] == [
            [True, "approved", "nobody: a phantom needs no approval"],
            [False, "waiting", ""],
        ]


def test_the_study_is_read_on_closed_and_amended_and_its_draft_frozen(found):
    assert found["read_on"] == ["closed", "frozen", "draft", "36"]
    assert found["differences_after"] == []
