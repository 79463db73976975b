"""Uploaded files go to the disk in pieces, and no further than the limit of the page they are sent to."""

import errno
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from generation.core.foreign.archive import disk_full_sentence
from generation.services.patch_imports import too_large

LARGE_FILES: Final = frozenset({"generation:patch_import_new"})  # routes that take them, from accounts only
SMALL_MB: Final = 16
REFUSED: Final = (
    "upload_refused"  # attribute of a request whose file was left out: the sentence that says why
)


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Leaves out a file that is too large or does not fit on the disk; the page then says so."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Learn the limit before the first byte is stored."""
        self.limit = _limit_mb(self.request) << 20 if self.request else 0
        self.n_bytes = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file, unless the request says already that it is too large."""
        super().new_file(*args, **kwargs)
        # Form fields and boundaries are few; a request of twice the limit needs no counting.
        if self.content_length_of_request() > self.limit + (1 << 20):
            self._leave_out(too_large())

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Store a piece."""
        self.n_bytes += len(raw_data)
        if self.n_bytes > self.limit:
            self._leave_out(too_large())
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self._leave_out(disk_full_sentence(settings.FILE_UPLOAD_TEMP_DIR))

    def content_length_of_request(self) -> int:
        """Bytes of the whole request, as its head says."""
        text = str(self.request.META.get("CONTENT_LENGTH") or "0") if self.request else "0"
        return int(text) if text.isdecimal() else 0

    def _leave_out(self, sentence: str) -> None:
        self.file.close()  # removes it
        setattr(self.request, REFUSED, sentence)
        raise SkipFile


def _limit_mb(request: HttpRequest) -> int:
    """The limit of a page; nobody without an account sends large files."""
    try:
        name = resolve(request.path_info).view_name
    except Resolver404:
        return 0
    user = getattr(request, "user", None)
    is_known = user is not None and user.is_authenticated
    return settings.MAX_UPLOAD_MB if name in LARGE_FILES and is_known else SMALL_MB
