"""A look at somebody's patches: every one is read and checked, nothing is stored."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from generation.core.errors import InputError
from generation.core.foreign import dicom_frames, readers
from generation.core.foreign.files import Kind
from generation.core.foreign.findings import Survey
from generation.core.foreign.found import ForeignPatch, Found
from generation.core.foreign.unreadable import UnreadableError
from generation.core.frame_set import MAX_FRAMES, MAX_PIXELS, MAX_SIDE, MIN_SIDE

MAX_FAULTS: Final = 20  # told one by one; the others are counted
N_PREVIEWS: Final = 6
_MAX_PREVIEW_BYTES: Final = 64 << 20
_EIGHT_BITS: Final = 255
_MANY_ENDS: Final = 0.2  # of the pixels at the darkest and brightest value look like a windowed picture

Progress = Callable[[int, int], None]
Frames = NDArray[Any]


def read_patch(found: Found, number: int, *, opened: Frames | None = None) -> Frames:
    """Read one patch.

    Parameters
    ----------
    opened : the array of all patches, where there is one

    Returns
    -------
    (frames, height, width) as stored

    Raises
    ------
    InputError
        Naming the patch by its place and what is wrong.
    """
    patch = found.patches[number]
    try:
        if patch.row is not None and opened is not None:
            frames = np.array(opened[patch.row])
        elif len(patch.files) == 1:
            frames = readers.read(patch.files[0].path, found.kind)
        else:
            frames = _stacked(found, patch)
        _check_values(frames)
    except UnreadableError as error:
        raise InputError(f"{found.position(number)}: {error}") from None
    return frames


def open_all(found: Found) -> Frames | None:
    """The array of all patches, mapped; None where each has a file."""
    return readers.open_array(found.patches[0].files[0].path) if found.is_array else None


def look(found: Found, *, on_patch: Progress | None = None) -> tuple[Survey, Frames]:
    """Read every patch.

    Returns
    -------
    what was found, and some patches of each class word for a preview, (n, frames, height, width) as stored
    """
    seen = _Seen()
    opened = open_all(found)
    for number, patch in enumerate(found.patches):
        try:
            seen.add(read_patch(found, number, opened=opened), patch, found.position(number))
        except InputError as error:
            seen.refuse(str(error))
        if on_patch:
            on_patch(number + 1, len(found.patches))
    if found.kind is Kind.DICOM:
        _check_identity(found, seen)
    return seen.survey(found), np.stack(seen.previews) if seen.previews else np.zeros((0, 1, 1, 1))


class _Seen:
    """What the patches have in common so far."""

    def __init__(self) -> None:
        self.shape: tuple[int, ...] | None = None
        self.dtypes: Counter[str] = Counter()
        self.low = self.high = np.zeros(0)
        self.is_whole = True
        self.n_faults, self.faults = 0, list[str]()
        self.previews: list[Frames] = []
        self.previewed: list[str] = []
        self.n_flat = self.n_windowed = 0
        self.has_identity = False  # then no word is told

    def refuse(self, sentence: str) -> None:
        self.n_faults += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(sentence)

    def add(self, frames: Frames, patch: ForeignPatch, position: str) -> None:
        if self.shape is None:
            _check_shape(frames.shape)
            self.shape = frames.shape
            self.low, self.high = np.full(len(frames), np.inf), np.full(len(frames), -np.inf)
        if frames.shape != self.shape:
            raise InputError(
                f"{position} has {_words(frames.shape)}, the first one {_words(self.shape)}; give patches of one size and number of frames."
            )
        lows, highs = frames.min(axis=(1, 2)).astype(float), frames.max(axis=(1, 2)).astype(float)
        self.low, self.high = np.minimum(self.low, lows), np.maximum(self.high, highs)
        self.dtypes[frames.dtype.name] += 1
        if self.is_whole and frames.dtype.kind == "f":
            self.is_whole = bool(np.all(frames == np.rint(frames)))
        self.n_flat += bool(np.all(lows == highs))
        ends = (frames == frames.min()) | (frames == frames.max())
        self.n_windowed += bool(frames.dtype == np.uint8 and ends.mean() > _MANY_ENDS)
        n_shown = len(self.previews)
        has_room = n_shown < N_PREVIEWS and (n_shown + 1) * frames.nbytes <= _MAX_PREVIEW_BYTES
        if has_room and self.previewed.count(patch.word) < 2:
            self.previews.append(frames)
            self.previewed.append(patch.word)

    def survey(self, found: Found) -> Survey:
        n_frames, height, width = self.shape or (0, 0, 0)
        words = dict(sorted(Counter(patch.word for patch in found.patches).items()))
        layout = (
            "one array"
            if found.is_array
            else "a file per frame"
            if found.is_frame_per_file
            else "a file per patch"
        )
        return Survey(
            format=f"{found.kind.value}, {layout}",
            n_patches=len(found.patches),
            n_frames=n_frames,
            height=height,
            width=width,
            dtype=" and ".join(sorted(self.dtypes)),
            low=tuple(self.low.tolist()),
            high=tuple(self.high.tolist()),
            is_whole=self.is_whole,
            words={} if self.has_identity else words,
            origin=found.origin,
            frame_words=found.frame_words,
            n_patients=len({patch.patient for patch in found.patches} - {""}),
            n_ignored=found.n_ignored,
            faults=tuple(self.faults),
            n_faults=self.n_faults,
            warnings=tuple(self._warnings(found)),
            previewed=("",) * len(self.previewed) if self.has_identity else tuple(self.previewed),
        )

    def _warnings(self, found: Found) -> Iterator[str]:
        if self.dtypes["uint8"]:
            yield (
                f"{self.dtypes['uint8']} patches have 8 bits: 256 grey values at most, which readers may see beside scans of 1,024; "
                "export 16 bits where you can."
            )
        if self.n_windowed:
            yield f"{self.n_windowed} of them are black or white in more than a fifth of their pixels, as screenshots are."
        if len(self.dtypes) > 1:
            yield f"The patches come in several types ({', '.join(sorted(self.dtypes))}); check that they have one scale."
        if self.n_flat:
            yield f"{self.n_flat} patches have the same value in every pixel of each frame."
        if found.is_frame_per_file and not found.frame_words:
            yield "The frames are called differently from patch to patch; they are taken in the order of their names."
        if len({patch.word for patch in found.patches}) > 1 and any(
            not patch.word for patch in found.patches
        ):
            yield "Some patches lie in no sub-folder of a class; say below what they are."


def _stacked(found: Found, patch: ForeignPatch) -> Frames:
    """The frames of a patch that has a file for each."""
    pages = []
    for number, file in enumerate(patch.files, start=1):
        try:
            frames = readers.read(file.path, found.kind)
        except UnreadableError as error:
            raise UnreadableError(f"in frame {number}, {error}") from None
        if len(frames) != 1:
            raise UnreadableError(
                f"file {number} in its folder has {len(frames)} frames where others have one; give one file per frame."
            )
        pages.append(frames[0])
    if len({page.shape for page in pages}) > 1:
        raise UnreadableError("its frames have different sizes; give all one size.")
    return np.stack(pages)


def _check_values(frames: Frames) -> None:
    if frames.ndim != 3:
        raise UnreadableError(f"it has {frames.ndim} dimensions; a patch has frames, height and width.")
    if frames.dtype.kind == "f":
        n_bad = int(np.count_nonzero(~np.isfinite(frames)))
        if n_bad:
            raise UnreadableError(f"{n_bad} pixels are NaN or infinite; write numbers.")


def _check_shape(shape: tuple[int, ...]) -> None:
    n_frames, height, width = shape
    is_side = min(height, width) >= MIN_SIDE and max(height, width) <= MAX_SIDE
    if not is_side or n_frames > MAX_FRAMES or n_frames * height * width > MAX_PIXELS:
        raise InputError(
            f"The patches have {_words(shape)}; a patch has 1 to {MAX_FRAMES} frames with sides of {MIN_SIDE} to {MAX_SIDE} pixels, "
            f"and at most {MAX_PIXELS:,} pixels in all."
        )


def _words(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} frame{'s' * (shape[0] != 1)} of {shape[1]} x {shape[2]} pixels"


def _check_identity(found: Found, seen: _Seen) -> None:
    """Refuse words for classes and pseudonyms that are words of a patient's name or number."""
    names = frozenset(
        word
        for patch in found.patches
        for file in patch.files
        for word in dicom_frames.identity_words(file.path)
    )
    typed = {patch.word.lower() for patch in found.patches} | {
        patch.patient.lower() for patch in found.patches
    }
    if names & {piece for text in typed for piece in text.replace("_", " ").replace("-", " ").split()}:
        seen.refuse(
            "A sub-folder or a pseudonym holds a word of a patient's name or number; give names without it."
        )
        seen.has_identity = True
