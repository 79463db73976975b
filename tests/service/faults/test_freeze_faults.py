"""A study is a draft or frozen whole, wherever its freezing is killed and however full the disk is."""

import json
import signal

import pytest

from generation.core.errors import InputError
from readerstudy.models import Case, Study
from readerstudy.selectors.verification import verification
from readerstudy.services import studies
from tests.factories import ADMIN, NOW, make_noise, make_pool, make_study, small_protocol
from tests.service.faults.small_disk import SmallDisk
from tests.service.faults.web import Web

N_CASES = 18
# point: (the file has its name, drafts left)
POINTS = {
    "while cases are written": (False, 1),
    "before the file has its name": (False, 1),
    "when the file has its name": (True, 0),
    "when the cases are stored, before the commit": (True, 0),
}


@pytest.mark.enable_socket
def test_killed_while_it_freezes(web: Web) -> None:
    lines = web.instance.python("-m", "tests.service.faults.freeze_killed").splitlines()
    told = {one["point"]: one for one in map(json.loads, lines)}
    whole = {
        "status": "frozen", "n_cases": N_CASES, "has_fingerprint": True, "has_file": True, "n_drafts": 0,
        "verified": "nothing differs",
    }  # fmt: skip
    assert {one["ended"] for one in told.values()} == {-signal.SIGKILL}
    assert told.pop("after the commit") == {
        "point": "after the commit", "ended": -signal.SIGKILL, "left": whole, "again": whole,
    }  # fmt: skip
    assert told.keys() == POINTS.keys()
    for point, (has_file, n_drafts) in POINTS.items():
        left = told[point]["left"]
        verified = left.pop("verified")
        assert "is a draft; freeze it first" in verified
        assert left == {
            "status": "draft", "n_cases": 0, "has_fingerprint": False, "has_file": has_file, "n_drafts": n_drafts,
        }  # fmt: skip
        assert told[point]["again"] == whole, point


@pytest.mark.django_db
class TestDiskFull:
    @pytest.fixture
    def draft(self, settings, disk: SmallDisk) -> Study:
        """A draft whose files lie on a small disk."""
        settings.READERSTUDY_DATA = disk.folder / "data"
        protocol = small_protocol()
        return make_study("draft", protocol=protocol, offered=[make_pool(one) for one in protocol.sources])

    def test_the_service_says_what_to_free_and_leaves_a_draft(self, draft: Study, disk: SmallDisk) -> None:
        disk.fill(leave=200_000)
        with pytest.raises(
            InputError, match=r"^The pixels of the study need 1\.0 MB and 0\.\d MB are free"
        ) as said:
            studies.freeze(study=draft, by=ADMIN, now=NOW)
        assert str(said.value).endswith("make room there and freeze again.")
        draft.refresh_from_db()
        assert (draft.status, draft.fingerprint, Case.objects.count()) == ("draft", "", 0)
        assert list(draft.folder.iterdir()) == []
        disk.make_room()
        frozen = studies.freeze(study=draft, by=ADMIN, now=NOW)
        assert verification(frozen).is_same

    def test_the_page_says_it_too(self, draft: Study, disk: SmallDisk, study_admin) -> None:
        disk.fill(leave=200_000)
        response = study_admin.post(f"/desk/studies/{draft.slug}/freeze/", {"confirmed": "yes"}, follow=True)
        assert response.status_code == 200
        assert "make room there and freeze again." in response.content.decode()
        draft.refresh_from_db()
        assert draft.status == "draft"


@pytest.mark.django_db
def test_a_file_has_its_name_only_when_it_is_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut cannot be made here; the order of what is asked of the disk can be seen."""
    from generation.core import durable

    seen = []
    sync = durable.sync
    monkeypatch.setattr(durable, "sync", lambda path: (seen.append(path.is_dir()), sync(path)))
    draft = make_study("draft", offered=[make_pool(one, draw=make_noise) for one in small_protocol().sources])
    seen.clear()
    frozen = studies.freeze(study=draft, by=ADMIN, now=NOW)
    assert seen == [False, True]  # the draft with its content, then the folder with its name
    assert frozen.pixels_path.is_file()
