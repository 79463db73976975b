"""Texts that readers see in their own language, although they stand in code that knows no language."""


def translatable(text: str) -> str:
    """Mark a text for the catalogues and return it as it is; where it is shown, its translation is looked up.

    What a refusal says needs no mark, see core/errors.py.
    """
    return text
