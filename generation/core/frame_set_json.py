"""Frame sets as plain data: in the manifest of a patch set, in a form, in a column of the database."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from generation.core.errors import InputError
from generation.core.frame_set import FrameSet, Subtraction, refuse


def read(data: object) -> FrameSet:
    """Read a frame set from plain data.

    Parameters
    ----------
    data : as `FrameSet.to_json` writes it; only names, height and width are required

    Raises
    ------
    InputError
        If a part is missing, unknown, of another type or not usable.
    """
    known = tuple(FrameSet.__dataclass_fields__)
    if not isinstance(data, Mapping):
        raise InputError(f"A frame set is {data!r:.60}; give an object with names, height and width.")
    unknown = {str(key) for key in data} - set(known)
    missing = {"names", "height", "width"} - data.keys()
    if unknown or missing:
        raise InputError(
            f"The frame set has missing or unknown parts ({', '.join(sorted(unknown | missing))}); its parts are {', '.join(known)}."
        )
    parts: dict[str, Any] = {"height": data["height"], "width": data["width"]}
    for name in ("names", "windows", "dynamic"):
        parts[name] = tuple(_each(data, name, str))
    parts["seconds"] = tuple(float(second) for second in _each(data, "seconds", (int, float)))
    parts["limits"] = tuple(_tuples(data, "limits", int, 2))
    parts["subtractions"] = tuple(Subtraction(*found) for found in _tuples(data, "subtractions", str, 3))
    parts["rows"] = tuple(_tuples(data, "rows", str, None))
    return FrameSet(**parts)


def read_file(path: Path) -> FrameSet:
    """Read a frame set from a JSON file.

    Raises
    ------
    InputError
        If the file is missing, no JSON, or no usable frame set.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON ({error}); write a frame set into it.") from None
    try:
        return read(data)
    except InputError as error:
        raise InputError(f"{path}: {error}", field=error.field) from None


def _each(data: Mapping[str, Any], name: str, kind: type | tuple[type, ...]) -> list[Any]:
    found = data.get(name) or []
    if not isinstance(found, list | tuple) or any(
        isinstance(one, bool) or not isinstance(one, kind) for one in found
    ):
        refuse(name, f"{name} of the frame set is {found!r:.60}; give a list of {_kind_words(kind)}.")
    return list(found)


def _tuples(data: Mapping[str, Any], name: str, kind: type, length: int | None) -> Iterator[tuple[Any, ...]]:
    for found in _each(data, name, (list, tuple)):
        if any(isinstance(one, bool) or not isinstance(one, kind) for one in found) or (
            length is not None and len(found) != length
        ):
            many = f"{length} " if length else ""
            refuse(
                name, f"{name} of the frame set holds {found!r:.60}; give lists of {many}{_kind_words(kind)}."
            )
        yield tuple(found)


def _kind_words(kind: type | tuple[type, ...]) -> str:
    if kind is str:
        return "names"
    return "lists" if kind == (list, tuple) else "numbers"
