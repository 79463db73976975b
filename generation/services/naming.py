"""Names that people give, and the addresses made from them."""

from django.db import models
from django.utils.text import slugify

from generation.core.errors import InputError

MAX_NAME_LENGTH = 100  # of every `name` column
RESERVED = frozenset({"new", "compare"})  # last parts of the addresses of pages beside the rows
_MAX_BASE_LENGTH = 90  # leaves room for a number


def clean_name(name: str, *, default: str, kind: str) -> str:
    """Tidy a name, or shorten the default where none was given; a name that cannot be used is refused."""
    name = " ".join(name.split()) or " ".join(default.split())[:MAX_NAME_LENGTH].rstrip()
    if not slugify(name) or len(name) > MAX_NAME_LENGTH:
        raise InputError(
            f'{kind} name "{name}" cannot be used; write 1 to {MAX_NAME_LENGTH} characters with at least one letter or digit.'
        )
    return name


def numbered_slug(model: type[models.Model], name: str) -> str:
    """Make the slug of a new row; the second of the same name ends in -2."""
    base = slugify(name)[:_MAX_BASE_LENGTH]
    taken = (
        set(model._default_manager.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED
    )
    slug, n = base, 1
    while slug in taken:
        n += 1
        slug = f"{base}-{n}"
    return slug
