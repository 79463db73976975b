"""Why an action is refused."""

from generation.core.errors import InputError


class Refused(InputError):  # noqa: N818 - a refusal is an answer, not a fault of the program
    """The action is not allowed now; its text is one sentence saying why and what would help."""


class Conflict(Refused):
    """The trial already has another answer, which is kept."""
