"""Fetching weights from a server that drops connections, ignores ranges, lies, or is not there."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from evaluation.core import extractor_names
from evaluation.jobs import fetching
from evaluation.selectors import weights
from generation.core.errors import InputError

CONTENT = np.random.default_rng(1).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves CONTENT; `plan` says after how many bytes each connection is dropped, None for not at all."""

    plan: list[int | None]
    ranges: list[str | None]
    knows_ranges = True
    status = 200
    content = CONTENT


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if self.server.status >= 400:
            self.send_error(self.server.status)
            return
        start = (
            int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.server.knows_ranges else 0
        )
        if start and start >= len(self.server.content):
            self.send_error(416)
            return
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.server.content) - 1}/*")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = self.server.plan.pop(0) if self.server.plan else None
        self.wfile.write(body if cut is None else body[:cut])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@contextmanager
def serving(**changes: object) -> Iterator[tuple[Server, str]]:
    server = Server(("127.0.0.1", 0), Handler)
    server.plan, server.ranges = [], []
    for name, value in changes.items():
        setattr(server, name, value)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_address[1]}/weights.pth"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fetch(url, path, **changes):
    return fetching.fetch(url, path, **{"sha256": SHA256, "n_bytes": len(CONTENT), **changes})


class TestFetch:
    def test_in_one_go(self, tmp_path):
        seen = []
        path = tmp_path / "deep" / "weights.pth"
        with serving() as (server, url):
            assert fetch(url, path, on_progress=lambda *step: seen.append(step))
        assert path.read_bytes() == CONTENT
        assert seen[-1] == (len(CONTENT), len(CONTENT))
        assert server.ranges == [None]
        assert [one.name for one in path.parent.iterdir()] == ["weights.pth"]

    def test_dropped_connections_are_resumed_by_range(self, tmp_path):
        with serving(plan=[100_000, 50_000, None]) as (server, url):
            fetch(url, tmp_path / "w.pth")
        assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]
        assert (tmp_path / "w.pth").read_bytes() == CONTENT

    def test_a_later_call_goes_on_where_the_last_one_ended(self, tmp_path):
        path = tmp_path / "w.pth"
        with (
            serving(plan=[120_000, 0, 0, 0]) as (_, url),
            pytest.raises(InputError, match="120000 bytes are kept"),
        ):
            fetch(url, path)
        assert not path.exists()
        with serving() as (server, url):
            assert fetch(url, path)
        assert server.ranges == ["bytes=120000-"]
        assert path.read_bytes() == CONTENT

    def test_a_server_without_ranges_starts_again(self, tmp_path):
        with serving(plan=[100_000, None], knows_ranges=False) as (server, url):
            fetch(url, tmp_path / "w.pth")
        assert len(server.ranges) == 2
        assert (tmp_path / "w.pth").read_bytes() == CONTENT

    def test_what_is_here_is_not_fetched_again(self, tmp_path):
        (tmp_path / "w.pth").write_bytes(CONTENT)
        with serving() as (server, url):
            assert not fetch(url, tmp_path / "w.pth")
        assert server.ranges == []

    def test_a_damaged_file_is_fetched_again(self, tmp_path):
        (tmp_path / "w.pth").write_bytes(CONTENT[:-1] + b"x")
        with serving() as (_, url):
            assert fetch(url, tmp_path / "w.pth")
        assert (tmp_path / "w.pth").read_bytes() == CONTENT

    @pytest.mark.parametrize("content", [b"x" * len(CONTENT), CONTENT + b"more"])
    def test_another_file_is_refused_and_deleted(self, tmp_path, content):
        with serving(content=content) as (_, url), pytest.raises(InputError, match=f"not {SHA256[:12]}"):
            fetch(url, tmp_path / "w.pth")
        assert list(tmp_path.iterdir()) == []

    def test_a_shorter_file_is_refused_and_deleted(self, tmp_path):
        with (
            serving(content=CONTENT[:1000]) as (server, url),
            pytest.raises(InputError, match="Range Not Satisfiable"),
        ):
            fetch(url, tmp_path / "w.pth")
        assert server.ranges == [None, "bytes=1000-"]
        assert list(tmp_path.iterdir()) == []

    def test_not_found_is_said_at_once(self, tmp_path):
        with (
            serving(status=404) as (server, url),
            pytest.raises(InputError, match=r"did not give w\.pth \(Not Found\)"),
        ):
            fetch(url, tmp_path / "w.pth")
        assert len(server.ranges) == 1

    def test_offline_is_one_sentence(self, tmp_path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with pytest.raises(InputError) as error:
            fetch(f"http://127.0.0.1:{port}/w.pth", tmp_path / "w.pth")
        assert "on a machine without internet, fetch http://127.0.0.1" in str(error.value)
        assert "\n" not in str(error.value)

    def test_other_schemes_are_refused(self, tmp_path):
        with pytest.raises(InputError, match="neither http nor https"):
            fetch("file:///etc/passwd", tmp_path / "w.pth")


class TestCommand:
    def test_the_file_is_found_by_scorings(self, monkeypatch, capsys):
        monkeypatch.setattr(extractor_names, "STANDARD_SHA256", SHA256)
        monkeypatch.setattr(extractor_names, "STANDARD_BYTES", len(CONTENT))
        assert weights.of_extractor("inception") is None
        with serving() as (_, url):
            call_command("fetch_inception", url=url)
            call_command("fetch_inception", url=url)
        assert weights.of_extractor("inception") == weights.fetched_inception()
        assert weights.fetched_inception().read_bytes() == CONTENT
        said = capsys.readouterr().out.splitlines()
        assert said[0].startswith("Fetched: ")
        assert said[1].startswith("Already here: ")

    def test_the_settings_come_first(self, settings, tmp_path):
        settings.INCEPTION_WEIGHTS = str(tmp_path / "mine.pth")
        assert weights.of_extractor("inception") == tmp_path / "mine.pth"

    def test_another_file_is_a_command_error(self):
        with serving() as (_, url), pytest.raises(CommandError, match="did not give pt_inception"):
            call_command("fetch_inception", url=url)
