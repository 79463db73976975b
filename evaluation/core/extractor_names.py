"""The feature extractors a table can name; nothing here imports a network, so web pages may read it."""

from dataclasses import dataclass, replace
from typing import Final

from generation.core.errors import InputError


@dataclass(frozen=True)
class ExtractorName:
    """How an extractor is called in commands and tables, and what it needs.

    Parameters
    ----------
    name : word in commands, CSV and the database
    title : how a page writes it
    n_features : length of a feature vector; 0 where only the file can say
    needs_weights : whether a file has to be given
    is_fid : whether its Frechet distance is the Frechet Inception distance
    """

    name: str
    title: str
    n_features: int
    needs_weights: bool = False
    is_fid: bool = False

    @property
    def distance_title(self) -> str:
        """What its Frechet distance is called; only Inception with the standard weights gives FID."""
        return "FID" if self.is_fid else f"Fréchet distance ({self.title})"


STANDARD_FILE: Final = "pt_inception-2015-12-05-6726825d.pth"
STANDARD_SHA256: Final = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
STANDARD_BYTES: Final = 95_628_359
STANDARD_URL: Final = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{STANDARD_FILE}"

INCEPTION: Final = ExtractorName("inception", "Inception-v3", 2048, needs_weights=True, is_fid=True)
EFFICIENTNET_LITE0: Final = ExtractorName("efficientnet-lite0", "EfficientNet-Lite0", 1280)
PIXELS: Final = ExtractorName("pixels", "pixels", 3 * 64 * 64)
OWN: Final = ExtractorName("own", "own encoder", 0, needs_weights=True)
EXTRACTORS: Final = {one.name: one for one in (EFFICIENTNET_LITE0, INCEPTION, PIXELS, OWN)}
DEFAULT: Final = EFFICIENTNET_LITE0.name  # its weights come with the packages, so it works offline


def named(name: str) -> ExtractorName:
    """Find an extractor by its name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    try:
        return EXTRACTORS[name]
    except KeyError:
        raise InputError(f'Extractor "{name}" is unknown; write one of {", ".join(EXTRACTORS)}.') from None


def own(title: str, n_features: int) -> ExtractorName:
    """Name an encoder that an operator brought: its distance is never called FID."""
    return replace(OWN, title=title, n_features=n_features)
