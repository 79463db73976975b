"""Make room: local copies of what lies in the bucket can be fetched again."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from generation.storage import bucket, listing
from generation.storage.listing import NAME
from generation.storage.places import copies_folder, list_key, locked, name_of


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A local copy: a published folder, or the copy of a single file."""

    place: Path
    n_bytes: int
    used_at: float  # seconds since 1970


def entries() -> Iterator[CacheEntry]:
    """Every local copy that carries a mark, with when it was used last."""
    for path in settings.READERSTUDY_DATA.rglob(f"*{NAME}"):
        place = path.parent if path.name == NAME else path.with_name(path.name[1:].removesuffix(NAME))
        mark = listing.mark_of(place)
        is_copy = place.is_dir() or copies_folder() in place.parents
        if mark is not None and is_copy and not place.name.startswith("."):  # not a draft
            n_bytes = sum(facts.n_bytes for facts in mark.listing.files.values())
            yield CacheEntry(place, n_bytes, path.stat().st_mtime)


def let_go(entry: CacheEntry) -> bool:
    """Remove a local copy, if the bucket has the same and the copy was not changed; says whether it is gone."""
    place, is_single = entry.place, copies_folder() in entry.place.parents
    mark = listing.mark_of(place)
    if mark is None or not mark.covers_all(place):
        return False
    if is_single:
        place.unlink(missing_ok=True)
        listing.mark_path(place).unlink(missing_ok=True)
        return True
    with locked(name_of(place)):
        found = bucket.read(list_key(name_of(place)))
        if found is None or found[1] != mark.tag:
            return False
        aside = place.with_name(f".{place.name}.leaving")
        shutil.rmtree(aside, ignore_errors=True)
        place.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
    return True


def fetched_folder(place: Path) -> Path:
    """Where copies of single files of a thing lie, or of the things below it."""
    return copies_folder() / name_of(place)
