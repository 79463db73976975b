"""Why an action is refused."""

from generation.core.errors import InputError


class Refused(InputError):  # noqa: N818 - a refusal is an answer, not a fault of the program
    """The action is not allowed now; its text is one sentence saying why and what would help.

    Readers are told it in their language: a sentence that they may see is a literal with {names} where values belong,
    which the catalogues then hold.

    Attributes
    ----------
    template : the sentence as it was written
    values : what belongs in its places
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template = template
        self.values = values


class Conflict(Refused):
    """The trial already has another answer, which is kept."""

    def __init__(self, template: str, *, answer: str) -> None:
        super().__init__(template)
        self.answer = answer


class OutOfTurn(Refused):
    """Another trial is the current one; its token is empty where no panel is to be shown."""

    def __init__(self, template: str, *, token: str = "") -> None:
        super().__init__(template)
        self.token = token


class Moved(Refused):
    """Reading goes on in another window, on this computer or another."""


class Closed(Refused):
    """Nobody reads this study, or this reader does not read any more."""


class Gone(Refused):
    """There is no such session, or its link was replaced by a newer one."""
