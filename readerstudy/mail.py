"""SMTP as Django speaks it, by a connection that knows how far a message got: what a server may have taken is not given to it twice."""

import smtplib
from typing import Any

from django.core.mail.backends import smtp


class EmailBackend(smtp.EmailBackend):
    """Django's own, and what is known of the last message.

    Attributes
    ----------
    is_taken : the server said that it has the message
    is_in_doubt : the message was on its way to the server, and what became of it was not heard
    """

    is_taken = False
    is_in_doubt = False

    def open(self) -> bool | None:
        """Connect; a connection that fails halfway, as at a certificate, is not left open."""
        try:
            return super().open()
        except Exception:
            if self.connection is not None:
                self.connection.close()
                self.connection = None
            raise

    @property
    def connection_class(self) -> Any:
        """The class of Python's library, watched."""
        return _watched(super().connection_class, self)


def _watched(base: type[smtplib.SMTP], backend: EmailBackend) -> type[smtplib.SMTP]:
    class Watched(base):  # type: ignore[misc, valid-type]  # SMTP, or SMTP over TLS
        is_in_data = False

        def data(self, msg: Any) -> tuple[int, bytes]:
            self.is_in_data = True
            try:
                answer: tuple[int, bytes] = super().data(msg)
            finally:
                self.is_in_data = False
            backend.is_in_doubt = False
            backend.is_taken = answer[0] == 250  # RFC 5321, 4.2.3
            return answer

        def send(self, s: Any) -> None:
            if self.is_in_data and isinstance(s, bytes):  # the content; commands are text
                backend.is_in_doubt = True
            super().send(s)

    return Watched
