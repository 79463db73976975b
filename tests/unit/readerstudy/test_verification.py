"""Every part of a frozen study is compared with something that it follows from, and what differs is named."""

import json
from dataclasses import replace

import numpy as np
import pytest

from generation.core.labels import LESION_CLASSES
from readerstudy.core.conduct import Conduct
from readerstudy.core.fingerprint import CaseTruth, patch_sha256, study_fingerprint
from readerstudy.core.protocol import Protocol
from readerstudy.core.verification import (
    Difference,
    FrozenCase,
    Place,
    SessionOrder,
    StoredStudy,
    Verification,
    verify,
)


def protocol() -> Protocol:
    """1 real and 1 DCGAN panel of two classes in the test, one real in the warm-up."""
    two = {LESION_CLASSES[0]: 1, LESION_CLASSES[1]: 1}
    return Protocol(test={"real": two, "dcgan": two}, warm_up={"real": {LESION_CLASSES[2]: 1}}, seed=1)


def stored() -> StoredStudy:
    rules = protocol()
    cells = [("test", "real", "benign"), ("test", "real", "malignant"), ("test", "dcgan", "benign"),
             ("test", "dcgan", "malignant"), ("warm_up", "real", "no_findings")]  # fmt: skip
    truths = [CaseTruth(f"c{number}", *cell) for number, cell in enumerate(cells)]
    pixels = np.arange(5 * 7 * 64 * 64, dtype=np.int64).reshape(5, 7, 64, 64).astype(np.int16)
    plain = json.loads(json.dumps(rules.to_json()))
    fingerprint = study_fingerprint(plain, truths, pixels)
    cases = [
        FrozenCase(truth, False, number, patch_sha256(pixels[number]), truth.source, truth.lesion_class)
        for number, truth in enumerate(truths)
    ]
    return StoredStudy(plain, rules, json.loads(json.dumps(plain)), cases, pixels, fingerprint, fingerprint)


def order(*case_ids: str) -> SessionOrder:
    places = tuple(
        Place("test", position, case_id, "first") for position, case_id in enumerate(case_ids, start=1)
    )
    return SessionOrder("R01", places, places)


def kinds(found: Verification) -> list[str]:
    return [difference.kind for difference in found.differences]


def test_nothing_differs_from_itself() -> None:
    study = stored()
    found = verify(study, [order("c3", "c1", "c0", "c2")])
    assert found == Verification(5, 1, 4, study.fingerprint, ())
    assert found.is_same


def test_one_changed_pixel_is_named_by_its_case() -> None:
    study = stored()
    assert study.pixels is not None
    pixels = study.pixels.copy()
    pixels[3, 6, 63, 63] += 1
    found = verify(replace(study, pixels=pixels), [])
    assert kinds(found) == ["fingerprint", "pixels"]
    assert found.differences[1] == Difference(
        "pixels", "c3", "The pixels of case c3 are not those that were frozen (patch 4 of the file)."
    )


def test_two_swapped_cases_are_named_though_the_file_is_the_same() -> None:
    study = stored()
    swapped = [
        replace(case, pixel_index={0: 1, 1: 0}.get(number, number)) for number, case in enumerate(study.cases)
    ]
    found = verify(replace(study, cases=swapped), [])
    assert [(one.kind, one.subject) for one in found.differences] == [("pixels", "c0"), ("pixels", "c1")]


def test_one_changed_quota_is_named_against_the_audit_log_and_against_the_cases() -> None:
    study = stored()
    study.protocol["test"]["dcgan"]["benign"] = 2  # type: ignore[index]
    changed = Protocol(**{**_fields(study.rules), "test": study.protocol["test"]})
    found = verify(replace(study, rules=changed), [])
    assert kinds(found) == ["fingerprint", "protocol", "quota"]
    assert found.differences[1].sentence == (
        "The protocol has 2 at test.dcgan.benign; the audit log recorded 1."
    )
    assert found.differences[2].sentence == (
        "The test has 1 benign cases of DCGAN, but the protocol asks for 2."
    )


def _fields(rules: Protocol | None) -> dict[str, object]:
    assert rules is not None
    return {name: getattr(rules, name) for name in ("test", "warm_up", "seed")}


def test_one_reordered_trial_is_named_by_reader_phase_and_position() -> None:
    places = order("c3", "c1", "c0", "c2")
    swapped = tuple(
        replace(place, case_id={2: "c0", 3: "c1"}.get(place.position, place.case_id))
        for place in places.stored
    )
    found = verify(stored(), [replace(places, stored=swapped)])
    assert [difference.sentence for difference in found.differences] == [
        "Position 2 of the test of R01 holds case c0; the seed gives case c1 there.",
        "Position 3 of the test of R01 holds case c1; the seed gives case c0 there.",
    ]


@pytest.mark.parametrize(
    ("stored_places", "sentence"),
    [
        (order("c3", "c1").stored, "Position 3 of the test of R01 is missing; the seed gives case c0 there."),
        (order("c3", "c1", "c0", "c2").stored, "Position 4 of the test of R01 holds case c2, where the seed gives no panel."),
        (
            (*order("c3", "c1").stored, Place("test", 3, "c0", "repeat")),
            "Position 3 of the test of R01 holds case c0 (repeat); the seed gives case c0 there.",
        ),
    ],
)  # fmt: skip
def test_missing_added_and_relabelled_trials_are_named(
    stored_places: tuple[Place, ...], sentence: str
) -> None:
    found = verify(stored(), [replace(order("c3", "c1", "c0"), stored=stored_places)])
    assert [difference.sentence for difference in found.differences] == [sentence]


def test_an_order_that_cannot_be_computed_is_one_difference() -> None:
    found = verify(stored(), [replace(order("c3"), failure="the algorithm is unknown.")])
    assert [one.sentence for one in found.differences] == [
        "The order of R01 cannot be computed: the algorithm is unknown."
    ]


def test_a_changed_truth_is_named_without_telling_it() -> None:
    study = stored()
    cases = [replace(study.cases[0], truth=CaseTruth("c0", "test", "dcgan", "benign")), *study.cases[1:]]
    found = verify(replace(study, cases=cases), [])
    assert kinds(found) == ["fingerprint", "quota", "quota", "origin"]
    assert found.differences[3].sentence == (
        "The source stored with case c0 is not that of the patch it was drawn from."
    )


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (None, "The file with the pixels of the cases is missing or damaged."),
        (np.zeros((4, 7, 64, 64), np.int16), "The file holds the pixels of 4 cases; the study has 5."),
    ],
)
def test_a_file_that_does_not_fit_is_named_and_gives_no_fingerprint(
    pixels: np.ndarray | None, sentence: str
) -> None:
    found = verify(replace(stored(), pixels=pixels), [])
    assert found.differences[0].sentence == sentence
    assert found.fingerprint == ""


def test_a_fingerprint_replaced_in_the_study_differs_from_pixels_and_from_the_log() -> None:
    found = verify(replace(stored(), fingerprint="0" * 64), [])
    assert [(one.kind, one.subject) for one in found.differences] == [
        ("fingerprint", "study"),
        ("fingerprint", "audit log"),
    ]


def test_missing_attention_checks_are_counted() -> None:
    study = stored()
    rules = replace(protocol(), conduct=Conduct(n_checks=2))
    found = verify(replace(study, rules=rules), [])
    assert [one.sentence for one in found.differences] == [
        "The test has 0 attention checks, but the protocol asks for 2."
    ]


def test_a_study_without_logged_protocol_or_digests_is_held_against_its_fingerprint_alone() -> None:
    study = stored()
    cases = [replace(case, pixels_sha256="", patch_source="", patch_class="") for case in study.cases]
    found = verify(replace(study, cases=cases, logged_protocol=None, logged_fingerprint=""), [])
    assert found.is_same
    assert found.fingerprint == study.fingerprint


def test_a_protocol_that_cannot_be_read_is_named() -> None:
    found = verify(replace(stored(), rules=None), [])
    assert [one.sentence for one in found.differences] == ["The stored protocol cannot be read any more."]


def test_json_has_the_verdict() -> None:
    plain = json.loads(json.dumps(verify(stored(), []).to_json()))
    assert (plain["is_same"], plain["differences"], plain["n_cases"]) == (True, [], 5)
