"""Answers about a reader's expertise: what is taken, and why something is not."""

import pytest

from readerstudy.core.arrival import CHOICE, NUMBER, TEXT, ExpertiseQuestion
from readerstudy.core.expertise import Fault, read

QUESTIONS = (
    ExpertiseQuestion("Role", CHOICE, ("Radiologist", "Other  physician")),
    ExpertiseQuestion("Years", NUMBER),
    ExpertiseQuestion("Centre", TEXT),
    ExpertiseQuestion("MRI read", NUMBER, required=False),
    ExpertiseQuestion("Device", CHOICE, ("Monitor", "Tablet"), required=False),
)
GOOD = {"question_1": "Radiologist", "question_2": "12", "question_3": " Aachen\t west ", "question_4": "", "question_5": ""}  # fmt: skip


def test_answers_are_kept_by_label_in_the_order_asked():
    answers = read(QUESTIONS, GOOD)
    assert answers.faults == {}
    assert list(answers.values.items()) == [
        ("Role", "Radiologist"),
        ("Years", 12),
        ("Centre", "Aachen west"),
        ("MRI read", None),
        ("Device", None),
    ]


@pytest.mark.parametrize(
    ("field", "text", "fault"),
    [
        ("question_1", "", Fault.MISSING),
        ("question_1", "Wizard", Fault.NOT_OFFERED),
        ("question_2", "   ", Fault.MISSING),
        ("question_2", "twelve", Fault.NOT_A_NUMBER),
        ("question_2", "-1", Fault.NOT_A_NUMBER),
        ("question_2", "1.000", Fault.NOT_A_NUMBER),  # a thousand in Aachen, one in Boston
        ("question_2", "1e3", Fault.NOT_A_NUMBER),
        ("question_2", "١٢", Fault.NOT_A_NUMBER),
        ("question_2", "100001", Fault.TOO_LARGE),
        ("question_2", "9" * 5000, Fault.TOO_LARGE),
        ("question_3", "", Fault.MISSING),
        ("question_3", "x" * 201, Fault.TOO_LONG),
        ("question_4", "some", Fault.NOT_A_NUMBER),
        ("question_5", "Watch", Fault.NOT_OFFERED),
    ],
)
def test_fault_is_told_by_field_and_the_rest_is_read(field, text, fault):
    answers = read(QUESTIONS, {**GOOD, field: text})
    assert answers.faults == {field: fault}
    assert len(answers.values) == len(QUESTIONS) - 1


def test_nothing_sent_names_every_required_question():
    assert read(QUESTIONS, {}).faults == dict.fromkeys(
        ("question_1", "question_2", "question_3"), Fault.MISSING
    )


def test_choice_with_two_spaces_is_recognised():
    assert read(QUESTIONS, {**GOOD, "question_1": "Other  physician"}).values["Role"] == "Other physician"


def test_zero_is_a_number_and_no_gap():
    assert read(QUESTIONS, {**GOOD, "question_2": "0"}).values["Years"] == 0
