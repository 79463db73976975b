"""How a number of things is told."""


def counted(n: int, one: str, many: str = "") -> str:
    """Write a number with its noun: 1 reader, 3 readers.

    Parameters
    ----------
    one : the noun for one, with what stands before it
    many : for any other number; without it `one` with an s
    """
    return f"{n} {one}" if n == 1 else f"{n} {many or one + 's'}"
