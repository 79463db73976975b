import pytest

from generation.core.errors import InputError
from readerstudy.core import arrival as arrivals
from readerstudy.core.arrival import Arrival, ExpertiseQuestion


class TestExpertiseQuestion:
    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"label": " "}, "A question about the reader has 0 characters; write 1 to 200."),
            (
                {"label": "Role", "kind": "slider"},
                'The question "Role" is of the unknown kind "slider"; choose one of choice, number, text.',
            ),
            (
                {"label": "Role", "kind": "choice", "choices": ("one",)},
                'The question "Role" has 1 choice; give 2 to 20.',
            ),
            (
                {"label": "Years", "kind": "number", "choices": ("1", "2")},
                'The question "Years" has choices but is not of the kind "choice".',
            ),
            (
                {"label": "Role", "kind": "choice", "choices": ("a", "b", "a")},
                'The question "Role" has a choice that is empty, too long or there twice.',
            ),
        ],
    )
    def test_refuses(self, values, sentence):
        with pytest.raises(InputError) as refusal:
            ExpertiseQuestion(**values)
        assert str(refusal.value) == sentence


class TestArrival:
    def test_asks_nothing_unless_told(self):
        plain = Arrival()
        assert (plain.consent, plain.questions, plain.display_check) == ("", (), False)

    def test_reads_back_what_it_wrote(self):
        arrival = arrivals.recommended()
        assert arrivals.from_json(arrival.to_json()) == arrival
        assert [question.kind for question in arrival.questions] == ["choice", "number", "number"]

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"consent": "x" * 20_001}, "The text of consent is too long; write at most 20000 characters."),
            (
                {"questions": [ExpertiseQuestion("Role")] * 2},
                "Two questions about the reader are the same; ask each once.",
            ),
            (
                {"questions": [ExpertiseQuestion(f"Q{i}") for i in range(21)]},
                "21 questions about the reader are too many; ask at most 20.",
            ),
            ({"display_check": 1}, "display_check is 1; write true or false."),
        ],
    )
    def test_refuses(self, values, sentence):
        with pytest.raises(InputError) as refusal:
            Arrival(**values)
        assert str(refusal.value) == sentence

    def test_refuses_unknown_fields(self):
        with pytest.raises(InputError, match=r"unknown fields \(music\)"):
            arrivals.from_json({"music": True})
        with pytest.raises(InputError, match="has fields that are not known"):
            arrivals.from_json({"questions": [{"label": "Role", "colour": "red"}]})
