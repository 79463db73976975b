import pytest

from generation.core.counting import counted
from readerstudy.core.unblinding import EarlyUnblinding
from tests.factories import NOW


@pytest.mark.parametrize(
    ("n", "told"),
    [(0, "0 readers"), (1, "1 reader"), (2, "2 readers"), (21, "21 readers"), (1000, "1000 readers")],
)
def test_a_number_with_its_noun(n: int, told: str) -> None:
    assert counted(n, "reader") == told


def test_a_noun_with_a_plural_of_its_own() -> None:
    assert [counted(n, "patch", "patches") for n in (1, 2)] == ["1 patch", "2 patches"]


def test_one_response_before_early_unblinding() -> None:
    found = EarlyUnblinding(by="ada", at=NOW, reason="Interim analysis", n_before=1, n_after=0)
    assert "1 response of the test had come by then, 0 came after it" in found.sentence
