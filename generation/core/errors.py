"""The one exception that bad input raises."""


class InputError(ValueError):
    """Something the user gave cannot be used; its text is one sentence naming the value, the limit and the mend.

    Attributes
    ----------
    field : name of the value, so that a form can say it beside its control; "" where several values are to blame
    """

    def __init__(self, sentence: str = "", *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field
