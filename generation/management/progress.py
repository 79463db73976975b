"""A progress bar that learns its total from the job it follows."""

from types import TracebackType
from typing import Self

from tqdm import tqdm


class ProgressBar:
    """Shows (done, total) callbacks in a terminal, and nothing where the output is no terminal."""

    def __init__(self, unit: str) -> None:
        self._bar = tqdm(unit=unit, disable=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def show(self, done: int, total: int) -> None:
        """Move the bar."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)
