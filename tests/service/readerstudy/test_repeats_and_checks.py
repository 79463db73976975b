"""Cases that come twice, and attention checks: where they stand, what they are, what becomes of them."""

import numpy as np
import pytest

from readerstudy.core import randomization
from readerstudy.core.attention import scramble
from readerstudy.core.conduct import Conduct
from readerstudy.core.fingerprint import study_fingerprint
from readerstudy.models import ReadingSession, Trial
from readerstudy.selectors import pixels, pools
from readerstudy.selectors.trials import trial_rows
from readerstudy.services import sessions, studies
from tests.factories import ADMIN, NOW, make_invitation, make_pool, small_protocol
from tests.running_room import enter
from tests.studies import conduct_study

pytestmark = pytest.mark.django_db

EXTRAS = {"n_repeats": 3, "repeat_distance": 5, "n_checks": 2}


def drawn_patches(study) -> set[tuple[int, int]]:
    return set(study.cases.filter(is_check=False).values_list("patch_set", "patch_index"))


class TestFreeze:
    def test_makes_checks_from_real_test_cases_by_shuffling_their_tiles(self):
        study = conduct_study("frozen", **EXTRAS)
        checks = study.cases.filter(is_check=True)
        assert checks.count() == 2
        for check in checks.select_related("patch_set"):
            assert (check.source, check.phase) == ("check", "test")
            twin = study.cases.get(patch_set=check.patch_set, patch_index=check.patch_index, is_check=False)
            assert (twin.source, twin.lesion_class) == ("real", check.lesion_class)
            patch = pools.opened(check.patch_set).patches[check.patch_index]
            made = pixels.of_case(check, study)
            assert not np.array_equal(made, patch)
            assert np.array_equal(np.sort(made.reshape(7, -1)), np.sort(patch.reshape(7, -1)))

    def test_the_fingerprint_holds_the_checks(self):
        study = conduct_study("frozen", **EXTRAS)
        study.refresh_from_db()
        cases = list(study.cases.order_by("public_id"))
        stored = np.load(study.pixels_path)
        assert study_fingerprint(study.protocol, map(studies.truth, cases), stored) == study.fingerprint
        index = next(case.pixel_index for case in cases if case.is_check)
        stored[index] = scramble(stored[index], 1)
        assert study_fingerprint(study.protocol, map(studies.truth, cases), stored) != study.fingerprint

    def test_checks_change_nothing_about_the_cases_drawn(self):
        offered = [make_pool(source) for source in ("real", "dcgan", "wgan")]
        drawn = []
        for name, conduct in (("With", EXTRAS), ("Without", {})):
            protocol = small_protocol(conduct=Conduct(**conduct))
            study = studies.create(name=name, protocol=protocol, pools=offered, by=ADMIN, now=NOW)
            drawn.append(drawn_patches(studies.freeze(study=study, by=ADMIN, now=NOW)))
        assert drawn[0] == drawn[1]

    def test_more_checks_than_real_cases_use_cases_again(self):
        study = conduct_study("frozen", n_checks=12)
        made = [pixels.of_case(case, study).tobytes() for case in study.cases.filter(is_check=True)]
        assert len(made) == len(set(made)) == 12


class TestOrder:
    def test_the_trials_stand_as_the_algorithm_says(self):
        study = conduct_study(**EXTRAS)
        session = sessions.start(invitation=make_invitation(study), seed=77, now=NOW)
        cases = study.cases.filter(phase="test")
        strata = {case.public_id: (case.source, case.lesion_class) for case in cases if not case.is_check}
        checks = tuple(case.public_id for case in cases if case.is_check)
        expected = randomization.sequence(77, strata, randomization.Extras(3, 5, checks))
        trials = session.trials.filter(phase="test").order_by("position")
        assert [(p.case_id, p.role) for p in expected] == list(trials.values_list("case__public_id", "role"))
        assert list(trials.values_list("position", flat=True)) == list(range(1, 18))
        assert session.algorithm == "sha256-strata-v2"

    def test_without_extras_it_is_the_order_before(self, open_study):
        session = sessions.start(invitation=make_invitation(open_study), seed=5, now=NOW)
        strata = {c.public_id: (c.source, c.lesion_class) for c in open_study.cases.filter(phase="test")}
        stored = session.trials.filter(phase="test").order_by("position")
        assert list(stored.values_list("case__public_id", flat=True)) == randomization.strata_order(5, strata)
        assert set(session.trials.values_list("role", flat=True)) == {"first"}


class TestReading:
    def test_they_look_like_every_other_panel(self):
        room = enter(make_invitation(conduct_study(**EXTRAS)))
        seen = {}
        while (window := room.window())["state"] == "test":
            item = window["trials"][0]
            assert set(item) == {"token", "position"}
            assert window["n_trials"] == 17
            response = room.panel(item["token"])
            role = Trial.objects.get(token=item["token"]).role
            seen.setdefault(role, set()).add((len(response.content), repr(response.serialize_headers())))
            reply = room.answer(item["token"])
            assert set(reply.json()) == {"n_done", "state", "next"}
        assert set(seen) == {"first", "repeat", "check"}
        assert len(set.union(*seen.values())) == 1

    def test_a_repeat_shows_the_same_pixels_under_another_token(self):
        room = enter(make_invitation(conduct_study(**EXTRAS)))
        shown = {}
        while (window := room.window())["state"] == "test":
            token = window["trials"][0]["token"]
            shown[token] = room.panel(token).content
            room.answer(token)
        for repeat in Trial.objects.filter(role="repeat"):
            first = Trial.objects.get(session=repeat.session, case=repeat.case, role="first")
            assert shown[first.token] == shown[repeat.token]

    def test_the_export_marks_them(self):
        room = enter(make_invitation(conduct_study(**EXTRAS)))
        room.read_on(17, "fake")
        study = studies.close(study=ReadingSession.objects.get().study, by=ADMIN, now=NOW)
        rows = [row for row in trial_rows(study) if row.phase == "test"]
        roles = [row.extra["role"] for row in rows]
        assert (roles.count("first"), roles.count("repeat"), roles.count("check")) == (12, 3, 2)
        assert {row.origin for row in rows if row.extra["role"] == "check"} == {"check"}
        assert "check" not in {row.origin for row in rows if row.extra["role"] != "check"}
