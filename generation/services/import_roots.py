"""Folders of this machine that may be imported from."""

from pathlib import Path

from django.conf import settings

from generation.core.errors import InputError


def checked(folder: Path, *, what: str) -> Path:
    """The folder, if there is one and it lies where this instance may import from."""
    try:
        found = folder.expanduser().resolve()
        is_folder = found.is_dir()
    except (OSError, RuntimeError):
        is_folder = False
    roots = [Path(root).resolve() for root in settings.IMPORT_ROOTS]
    if roots and not any(found.is_relative_to(root) for root in roots):
        raise InputError(
            f"This instance imports only from {' and '.join(map(str, roots))}; put the folder there, or ask its administrator.",
            field="folder",
        )
    if not is_folder:
        raise InputError(
            f"This is not a folder on this machine; give the folder that holds the {what}.", field="folder"
        )
    return found
