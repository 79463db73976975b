"""The one exception that bad input raises."""


class InputError(ValueError):
    """Something the user gave cannot be used; its text is one sentence naming the value, the limit and the mend."""
