"""Template filters of the power preview."""

from django import template

from evaluation.core.power import TARGET, SampleSize
from evaluation.core.wording import ABSENT

register = template.Library()


@register.filter
def power(value: float | None) -> str:
    """Write a power in whole per cent, without promising more than the assumptions hold."""
    if value is None:
        return ABSENT
    if value > 0.995:
        return "> 99 %"
    return "< 1 %" if value < 0.005 else f"{100 * value:.0f} %"


@register.filter
def is_enough(value: float | None) -> bool:
    """Whether a power reaches the usual target."""
    return value is not None and value >= TARGET


@register.filter
def needed(size: SampleSize | None) -> str:
    """Write how many panels a target needs."""
    return ABSENT if size is None else f"{size.n:,}"


@register.filter
def readers_needed(n: int | None) -> str:
    """Write how many readers a target needs."""
    return ABSENT if n is None else str(n)


@register.filter
def plus(value: float, other: float) -> float:
    """Add."""
    return value + other


@register.filter
def short(fraction: float) -> str:
    """Write an assumed fraction in per cent as it was given: 60, 7.5."""
    return f"{100 * fraction:g}"
