"""The queue as a folder: kombu's filesystem transport, whose messages are written whole or not at all.

Kombu writes a message under its final name, so a worker may read half of one; it moves what it takes to the folder of
temporary files; and a file that is no JSON, as a power cut leaves it, ends the worker that reads it. Here a message gets
its name when it is written, is taken by a rename beside its place, and is left out with a warning if it is damaged.
"""

import json
import logging
import uuid
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any, Final

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)

_SUFFIX: Final = ".msg"


class Channel(filesystem.Channel):
    """Messages as files, named by when they were sent."""

    def _put(self, queue: Any, message: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as its own callers do
        """Put a message on a queue."""
        folder = self._messages()
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}{_SUFFIX}"
        draft = folder / f"{name}.draft"
        try:
            draft.write_text(dumps(message), encoding="utf-8")
            draft.rename(folder / name)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ChannelError(f"a message cannot be written to {folder} ({error.strerror})") from error

    def _get(self, queue: str, timeout: Any = None) -> Any:
        """Take the oldest message of a queue; of several workers that try, one gets it."""
        for path in self._of(queue):
            taken = path.with_name(f"{path.name}.taken")
            try:
                path.rename(taken)
                content = taken.read_bytes()
                taken.unlink()
            except OSError:
                continue  # another worker was quicker
            try:
                return loads(content.decode())
            except ValueError:
                logger.warning(
                    "a message of queue %s is damaged and is left out; its job is sent again", queue
                )
        raise Empty

    def _size(self, queue: str) -> int:
        """Messages that no worker has taken."""
        return len(self._of(queue))

    def _purge(self, queue: str) -> int:
        self._messages()
        return int(super()._purge(queue))

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        """Note where an exchange leads; a note that a power cut has damaged is written anew."""
        self.control_folder.mkdir(parents=True, exist_ok=True)
        file = self._exchange_file(exchange)
        if file.exists() and not _is_json(file):
            file.unlink(missing_ok=True)
        super()._queue_bind(exchange, routing_key, pattern, queue)

    def get_table(self, exchange: str) -> Any:
        """Where an exchange leads: nowhere if its note is damaged."""
        try:
            return super().get_table(exchange)
        except ValueError:
            return []

    def _of(self, queue: str) -> list[Path]:
        suffix = f"{queue}{_SUFFIX}"
        return sorted(path for path in self._messages().iterdir() if path.name.partition(".")[2] == suffix)

    def _messages(self) -> Path:
        """The folder of messages, made anew if somebody has deleted it."""
        folder = Path(self.data_folder_in)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


class Transport(filesystem.Transport):
    """Kombu's, with the channel of here."""

    Channel = Channel


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_bytes())
    except ValueError:
        return False
    return True
