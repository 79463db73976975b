"""How numbers and names are written for people: percentages with one decimal, p values with three or more."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from generation.core.labels import LESION_CLASSES, REAL

ABSENT: Final = "–"
_LEVELS: Final = (0.05, 0.01)  # of significance; .001 has words of its own
_MOST_DECIMALS: Final = 6
_COUNT_WORDS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def percent(fraction: float | None) -> str:
    """Write a fraction as a percentage without its sign: 73.3."""
    return ABSENT if fraction is None else f"{_hundredfold(fraction)}"


def points(difference: float | None) -> str:
    """Write a difference of fractions in percentage points with its sign: −7.5."""
    return ABSENT if difference is None else f"{_hundredfold(difference):+}".replace("-", "−")


def p_value(p: float | None) -> str:
    """Write a p value with three decimals and no leading zero: p < .001, p = .008.

    One below a usual level never reads as that level: it gets as many decimals as it takes, p = .0497.
    """
    if p is None:
        return ABSENT
    if p < 0.001:
        return "p < .001"
    for n_decimals in range(3, _MOST_DECIMALS + 1):
        text = f"{p:.{n_decimals}f}"
        if not any(p < level <= float(text) for level in _LEVELS):
            return "p = 1" if text == "1.000" else f"p = {text.removeprefix('0')}"
    return "p < .01" if p < 0.01 else "p < .05"


def decimal(value: float | None, digits: int = 2) -> str:
    """Write a number with fixed decimals."""
    return ABSENT if value is None else f"{value:.{digits}f}".replace("-", "−")


def origin(name: str) -> str:
    """Write a source: Real, All, DCGAN; a generator of a longer name as it is."""
    if name in {REAL, "all"}:
        return name.capitalize()
    return name.upper() if name.endswith("gan") and len(name) <= 5 else name


def tissue(name: str) -> str:
    """Write a lesion class: no findings."""
    titles = {lesion_class.value: lesion_class.words for lesion_class in LESION_CLASSES}
    return titles.get(name, name)


def count(n: int) -> str:
    """Write a small count in words."""
    return _COUNT_WORDS[n] if 0 <= n < len(_COUNT_WORDS) else str(n)


def _hundredfold(fraction: float) -> Decimal:
    """Round to one decimal as by hand: 51 of 80 is 63.75, so 63.8, though its binary form lies just below."""
    return (100 * Decimal(repr(float(fraction)))).quantize(Decimal("0.1"), ROUND_HALF_UP)
