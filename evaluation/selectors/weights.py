"""Where the files of weights lie that extractors need."""

from pathlib import Path

from django.conf import settings

from evaluation.core import extractor_names
from evaluation.core.extractor_names import ExtractorName


def fetched_inception() -> Path:
    """Where `fetch_inception` puts the published weights."""
    return settings.READERSTUDY_DATA / "weights" / extractor_names.STANDARD_FILE


def of_extractor(name: str) -> Path | None:
    """File of an extractor: what the settings name, else what was fetched; None if it needs none or has none."""
    about = extractor_names.named(name)
    if about is extractor_names.OWN:
        return Path(settings.OWN_EXTRACTOR) if settings.OWN_EXTRACTOR else None
    if about is extractor_names.INCEPTION:
        if settings.INCEPTION_WEIGHTS:
            return Path(settings.INCEPTION_WEIGHTS)
        return fetched_inception() if fetched_inception().is_file() else None
    return None


def usable_extractors() -> list[ExtractorName]:
    """List the extractors whose weights this installation has."""
    every = extractor_names.EXTRACTORS.values()
    return [one for one in every if not one.needs_weights or of_extractor(one.name) is not None]
