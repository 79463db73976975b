"""What is wrong with one file of patches."""

from generation.core.errors import InputError


class UnreadableError(InputError):
    """A file that cannot be used; its sentence begins small, so that the place of the patch can stand before it."""
