"""Slugs from the names people give."""

from django.db import models
from django.utils.text import slugify

from generation.core.errors import InputError

MAX_NAME_LENGTH = 100


def free_slug(model: type[models.Model], name: str) -> str:
    """Make the slug of a new row, or say why the name cannot be used."""
    kind = model._meta.verbose_name
    if len(name) > MAX_NAME_LENGTH:
        raise InputError(
            f"The name has {len(name)} characters; write at most {MAX_NAME_LENGTH}.", field="name"
        )
    slug = slugify(name)
    if not slug:
        raise InputError(
            f'The name "{name}" has no letter or digit for an address; use at least one from A to Z or 0 to 9.',
            field="name",
        )
    if slug == "new":
        raise InputError(
            f'The name "{name}" is taken by the page that makes a new {kind}; choose another name.',
            field="name",
        )
    if model._default_manager.filter(slug=slug).exists():
        raise InputError(
            f'There is already a {kind} named "{name}" or nearly so; choose another name.', field="name"
        )
    return slug
