"""What is asked, how a panel looks and how it is answered."""

from typing import Any

from django import forms

from readerstudy.core import protocol as protocols

LANGUAGE_CHOICES = [
    (protocols.BY_READER, "The one that each reader’s browser prefers"),
    ("en", "English"),
    ("de", "German"),
]
CONFIDENCE_CHOICES = [
    (0, "No"),
    *((n, f"Yes, in {n} levels") for n in range(2, protocols.MAX_CONFIDENCE_LEVELS + 1)),
]
LAYOUT_CHOICES = [
    (protocols.SEVEN_FRAMES, "Seven frames, one subtraction"),
    (protocols.FIGURE_4, "Ten frames, four subtractions"),
]
INTERPOLATION_CHOICES = [
    (protocols.BICUBIC, "Smooth (bicubic)"),
    (protocols.NEAREST, "Every pixel a square (nearest)"),
]
PLAIN = (
    "question", "language", "layout", "interpolation", "own_subtraction", "real_key", "synthetic_key",
    "confidence_levels", "equivalence_margin_points",
)  # fmt: skip


class PanelFields(forms.Form):
    """Name, question, look of a panel, keys, and what comes with an answer."""

    name = forms.CharField(
        max_length=100, help_text="Readers see it above every panel; it should not hint at an answer."
    )
    question = forms.CharField(
        max_length=protocols.MAX_QUESTION_LENGTH, help_text="Asked under every panel, in your words."
    )
    language = forms.ChoiceField(
        label="Language of the reading room",
        choices=LANGUAGE_CHOICES,
        help_text="Of the software’s own texts. What you write here is shown as you write it.",
    )
    layout = forms.ChoiceField(
        label="Layout",
        choices=LAYOUT_CHOICES,
        help_text="Ten frames as in Figure 4 of the paper. Pools of other frames bring their own layout.",
    )
    interpolation = forms.ChoiceField(
        label="Enlargement", choices=INTERPOLATION_CHOICES, help_text="The same for every source."
    )
    own_subtraction = forms.BooleanField(
        label="Show each source’s own subtraction frame",
        required=False,
        help_text="Risky: a generator’s own subtraction never fits its T1 frames exactly, as a scan’s does, so that"
        " this alone can give it away. Otherwise the subtraction is computed from the T1 frames shown, for every"
        " source.",
    )
    real_key = forms.CharField(max_length=1, label="Key for “real”")
    synthetic_key = forms.CharField(max_length=1, label="Key for “synthetic”")
    confidence_levels = forms.TypedChoiceField(
        label="Ask how sure the reader is",
        choices=CONFIDENCE_CHOICES,
        coerce=int,
        help_text="Needed for ROC curves and calibration; costs a key press per panel.",
    )
    comment = forms.BooleanField(
        label="Let readers comment on an answer",
        required=False,
        help_text="Comments say what gave a panel away. Writing them slows reading down, and response times with it.",
    )
    undo = forms.BooleanField(
        label="Let readers take back their last answer",
        required=False,
        help_text="A slip of the finger is mended instead of counted as an error; second thoughts are let in too."
        " The last answer counts, every version is kept.",
    )

    equivalence_margin_points = forms.IntegerField(
        min_value=1,
        max_value=protocols.MAX_MARGIN_POINTS,
        label="Margin of equivalence, percentage points",
        widget=forms.NumberInput(attrs={"data-margin": ""}),
        help_text="An accuracy within so many points of 50 % will count as guessing. Fix it now: chosen after the data,"
        " it proves nothing. A narrow margin needs many panels.",
    )

    def panel_settings(self, values: dict[str, Any]) -> dict[str, Any]:
        """The fields of the protocol that are plain values."""
        return {name: values[name] for name in PLAIN}
