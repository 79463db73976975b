"""The one exception that bad input raises."""

import unicodedata
from typing import Final

MAX_LENGTH: Final = 1_000  # characters of a sentence, whatever it quotes


class InputError(ValueError):
    """Something the user gave cannot be used; its text is one sentence naming the value, the limit and the mend.

    What a sentence quotes may be anything: signs that do not print are written as their numbers, and a sentence that a
    quotation makes too long loses its middle.

    Attributes
    ----------
    field : name of the value, so that a form can say it beside its control; "" where several values are to blame
    """

    def __init__(self, sentence: str = "", *, field: str = "") -> None:
        super().__init__(_one_line(sentence))
        self.field = field


def _one_line(sentence: str) -> str:
    if not sentence.isprintable():
        sentence = "".join(
            sign if sign.isprintable() or unicodedata.category(sign) == "Zs" else ascii(sign)[1:-1]
            for sign in sentence
        )
    if len(sentence) <= MAX_LENGTH:
        return sentence
    half = MAX_LENGTH // 2 - 2
    return f"{sentence[:half]} … {sentence[-half:]}"
