"""Template filters that write numbers and names as core/wording.py says."""

from django import template

from evaluation.core import wording

register = template.Library()

register.filter("points", wording.points)
register.filter("p_value", wording.p_value)
register.filter("origin_title", wording.origin)
register.filter("tissue_title", wording.tissue)


@register.filter
def percent(value: float | str | None) -> str:
    """Write a fraction as a percentage; what a template did not find is absent too."""
    return wording.percent(_found(value))


@register.filter
def decimal(value: float | str | None, digits: int = 2) -> str:
    """Write a number with fixed decimals; what a template did not find is absent too."""
    return wording.decimal(_found(value), digits)


@register.filter
def thousandfold(value: float | str | None) -> float | None:
    """Multiply by 1000: kernel distances are small."""
    number = _found(value)
    return None if number is None else 1000 * number


def _found(value: float | str | None) -> float | None:
    """Templates give an empty string for what is not there."""
    return None if value is None or value == "" else float(value)
