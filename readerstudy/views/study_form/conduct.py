"""How a session is conducted: time, rest, repeats and attention checks."""

from typing import Any

from django import forms

from readerstudy.core import conduct as conducts
from readerstudy.core.conduct import Conduct

DEFAULT_BREAK_EVERY = 60


class ConductFields(forms.Form):
    """Rules of a reading session."""

    time_limit_seconds = forms.IntegerField(
        min_value=0,
        max_value=conducts.MAX_TIME_LIMIT_SECONDS,
        label="Time limit per panel, seconds",
        help_text="Makes readers alike in time, but an answer forced by the clock is a guess. Panels whose time is up"
        " are listed and leave the accuracy. 0: none.",
    )
    min_viewing_seconds = forms.IntegerField(
        min_value=0,
        max_value=conducts.MAX_VIEWING_SECONDS,
        label="Shortest viewing time, seconds",
        help_text="Holds an answer back until the panel was on the screen so long. Stops clicking through; more than"
        " one or two seconds is felt as a hindrance. 0: none.",
    )
    break_every = forms.IntegerField(
        min_value=0,
        max_value=conducts.MAX_BREAK_EVERY,
        label="Offer a break every so many panels",
        help_text="Suspicion and reading time fall along a session. One key press skips a break, and a session can be"
        " left at any time anyway. 0: none.",
    )
    n_repeats = forms.IntegerField(
        min_value=0,
        max_value=conducts.MAX_REPEATS,
        label="Panels that come twice",
        help_text="To measure how well a reader agrees with themselves; the first answer counts. Usual are 5 to 10 % of"
        " the panels; below 10 only counts can be reported.",
    )
    repeat_distance = forms.IntegerField(
        min_value=1,
        max_value=1000,
        label="Panels between the two, at least",
        help_text="Sooner, a reader remembers instead of judging; 50 or more is usual.",
    )
    n_checks = forms.IntegerField(
        min_value=0,
        max_value=conducts.MAX_CHECKS,
        label="Attention checks",
        help_text="Panels made obviously synthetic, never analysed. A few are enough; too many teach a wrong idea of"
        " “synthetic”. Write down before opening what a missed one means.",
    )

    def conduct(self, values: dict[str, Any]) -> Conduct:
        """The rules.

        Raises
        ------
        InputError
            If they do not go together.
        """
        return Conduct(**{name: values[name] for name in Conduct.__dataclass_fields__})
