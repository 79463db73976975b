"""Forms of the import of patches."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField

from generation.core.errors import InputError
from generation.core.foreign import proposal
from generation.core.foreign.findings import Survey
from generation.core.foreign.mapping import SCALE_WORDS, Mapping, Scale
from generation.core.frame_set import PAPER, FrameSet
from generation.core.labels import LESION_CLASSES, MAX_SOURCE_LENGTH, parse_new_source
from generation.models import PatchSet
from generation.services.naming import MAX_NAME_LENGTH
from generation.views.uploads import REFUSED

CLASS_CHOICES = [
    ("", "choose"),
    *((lesion_class.value, lesion_class.words) for lesion_class in LESION_CLASSES),
    ("-", "leave out"),
]
MAX_NEW_NAME = 24


class LookForm(forms.Form):
    """Which patches to look at."""

    folder = forms.CharField(
        label="Folder of the server",
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    archive = forms.FileField(
        label="Or a ZIP from this computer",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
    )
    pattern = forms.CharField(
        label="Class from file names",
        required=False,
        max_length=120,
        help_text="Such as {patient}_{class}_*. Empty: from index.csv, else from sub-folders, else from words such as malignant in the names.",
        widget=forms.TextInput(attrs={"class": "mono", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.request = kwargs.pop("request", None)
        super().__init__(*args, **kwargs)
        roots = " or ".join(settings.IMPORT_ROOTS)
        self.fields["folder"].help_text = (
            f"The whole path, below {roots}."
            if roots
            else "The whole path on the machine that runs the worker, beginning with /."
        )
        self.fields[
            "archive"
        ].help_text = f"At most {settings.MAX_UPLOAD_MB:,} MB. It is unpacked on the server and removed when the import ends."

    def clean_folder(self) -> Path | None:
        """The folder, as an absolute path."""
        text = self.cleaned_data["folder"].strip()
        if not text:
            return None
        folder = Path(text).expanduser()
        if not folder.is_absolute():
            raise forms.ValidationError("Write the whole path, beginning with /.")
        return folder

    def clean(self) -> dict[str, Any]:
        """Either a folder or a ZIP."""
        values = super().clean() or {}
        if refused := getattr(self.request, REFUSED, ""):
            self.add_error("archive", refused)
        elif not self.errors and bool(values.get("folder")) == bool(values.get("archive")):
            self.add_error(None, "Give a folder of the server or a ZIP from this computer, one of the two.")
        return values


class PatchSetChoice(forms.ModelChoiceField):
    """Patch sets by name and frames."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.source} · {obj.frames.words}"


@dataclass(frozen=True)
class FrameLine:
    """One found frame and its fields."""

    number: int
    low: float
    high: float
    fields: tuple[BoundField, ...]  # name, place, lowest, highest


class MappingForm(forms.Form):
    """What the found patches are, and how they are stored."""

    source = forms.CharField(
        max_length=MAX_SOURCE_LENGTH,
        help_text="What drew the patches, such as stylegan-2; real for scans.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label="Name of the patch set",
        required=False,
        max_length=MAX_NAME_LENGTH,
        help_text="Empty: named after the source. No patient’s name.",
    )
    scale = forms.ChoiceField(
        label="Values",
        choices=[(scale.value, SCALE_WORDS[scale]) for scale in Scale],
        widget=forms.RadioSelect,
    )
    like = PatchSetChoice(
        PatchSet.objects.none(),
        label="Same frames as",
        required=False,
        empty_label="named below",
        help_text="Pools of one study need the same frames: names, limits and windows are then taken from this patch set.",
    )
    adds_sub = forms.BooleanField(label="Compute Sub = T1_post1 − T1_pre as a further frame", required=False)

    def __init__(self, sent: Any, *, survey: Survey, stored: Mapping, offered: Any) -> None:
        self.survey = survey
        super().__init__(sent, initial=_initial(survey, stored))
        self.fields["like"].queryset = offered  # type: ignore[attr-defined]
        for place in range(survey.n_frames):
            title = f"frame {place + 1}"
            self.fields[f"frame_{place}"] = forms.CharField(
                label=f"Name of {title}",
                required=False,
                max_length=MAX_NEW_NAME,
                widget=forms.TextInput(attrs={"list": "frame-names", "autocomplete": "off", "size": 12}),
            )
            self.fields[f"order_{place}"] = forms.IntegerField(
                label=f"Place of {title}", min_value=1, max_value=survey.n_frames
            )
            for end in ("low", "high"):
                self.fields[f"{end}_{place}"] = forms.FloatField(
                    label=f"{end.capitalize()}est value of {title}",
                    widget=forms.NumberInput(attrs={"step": "any"}),
                )
        for name, one in self.fields.items():
            if name.startswith(("frame_", "order_", "low_", "high_")):
                one.widget.attrs["aria-label"] = str(one.label)
        for number, word in enumerate(survey.words):
            self.fields[f"class_{number}"] = forms.ChoiceField(
                label=word or "No class is given", required=False, choices=CLASS_CHOICES
            )

    @property
    def frame_names(self) -> tuple[str, ...]:
        """Names that are offered."""
        return PAPER.names

    @property
    def can_add_sub(self) -> bool:
        return PAPER.subtractions[0].name not in [
            self[f"frame_{p}"].value() for p in range(self.survey.n_frames)
        ]

    def frame_lines(self) -> Iterator[FrameLine]:
        """The table of frames."""
        for place in range(self.survey.n_frames):
            fields = tuple(self[f"{name}_{place}"] for name in ("frame", "order", "low", "high"))
            yield FrameLine(place + 1, self.survey.low[place], self.survey.high[place], fields)

    def class_lines(self) -> Iterator[tuple[BoundField, int]]:
        """Each word for a class with its number of patches."""
        for number, n in enumerate(self.survey.words.values()):
            yield self[f"class_{number}"], n

    def clean_source(self) -> str:
        try:
            return parse_new_source(self.cleaned_data["source"])
        except InputError as error:
            raise forms.ValidationError(str(error)) from None

    def mapping(self) -> Mapping:
        """What was chosen.

        Raises
        ------
        InputError
            If it cannot be.
        """
        values = self.cleaned_data
        places = [place for place in range(self.survey.n_frames) if values[f"frame_{place}"]]
        if not places:
            raise InputError("Every frame would be left out; name at least one.")
        places.sort(key=lambda place: (values[f"order_{place}"], place))
        like: FrameSet | None = values["like"].frames if values["like"] else None
        classes = {
            word: "" if chosen == "-" else chosen
            for number, word in enumerate(self.survey.words)
            if (chosen := values[f"class_{number}"])
        }
        named = [values[f"frame_{place}"] for place in places]
        return proposal.build(
            self.survey,
            places=places,
            named=named,
            ends=[(values[f"low_{place}"], values[f"high_{place}"]) for place in places],
            how=Scale(values["scale"]),
            of_class=classes,
            adds_sub=values["adds_sub"] and proposal.can_add_sub(named),
            like=like,
        )


def _initial(survey: Survey, stored: Mapping) -> dict[str, Any]:
    """What the fields show at first: the stored mapping, and the proposal for frames it leaves out."""
    found: dict[str, Any] = {
        "scale": stored.scale.value,
        "adds_sub": any(f.place is None for f in stored.frames),
    }
    by_place = {
        frame.place: (order, frame)
        for order, frame in enumerate(stored.frames, start=1)
        if frame.place is not None
    }
    spare = proposal.ends(survey, proposal.names(survey), stored.scale)
    for place in range(survey.n_frames):
        order, frame = by_place.get(place, (survey.n_frames, None))
        low, high = (frame.low, frame.high) if frame else spare[place]
        found |= {
            f"frame_{place}": frame.name if frame else "",
            f"order_{place}": order,
            f"low_{place}": _plain(low),
            f"high_{place}": _plain(high),
        }
    for number, word in enumerate(survey.words):
        chosen = stored.classes.get(word)
        found[f"class_{number}"] = "" if chosen is None else chosen or "-"
    return found


def _plain(value: float) -> str:
    return f"{value:.6g}"
