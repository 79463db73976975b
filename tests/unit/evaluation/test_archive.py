"""Exports piece by piece: the same bytes every time, bounded memory, hashes that are right."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import pytest

from evaluation.core.archive import Member, write_folder, zip_pieces
from generation.core.errors import InputError

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def manifest(written):
    return json.dumps([one.to_json() for one in written])


def members():
    return [
        Member("a.csv", "text", lambda: (f"line {i}\n" for i in range(30_000))),
        Member("b.bin", "bytes", lambda: [b"\x00\xff" * 10]),
        Member("empty.txt", "nothing", list),
    ]


def test_a_zip_that_any_reader_opens_with_a_manifest_that_is_right():
    data = b"".join(zip_pieces(members(), manifest, at=AT))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.csv", "b.bin", "empty.txt", "manifest.json"]
        for one in json.loads(archive.read("manifest.json")):
            content = archive.read(one["name"])
            assert (len(content), hashlib.sha256(content).hexdigest()) == (one["n_bytes"], one["sha256"])


def test_the_same_files_give_the_same_zip():
    assert b"".join(zip_pieces(members(), manifest, at=AT)) == b"".join(
        zip_pieces(members(), manifest, at=AT)
    )


def test_a_folder_holds_the_same(tmp_path):
    written = write_folder(members(), manifest, tmp_path)
    data = b"".join(zip_pieces(members(), manifest, at=AT))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for one in written:
            assert (tmp_path / one.name).read_bytes() == archive.read(one.name)


def test_breaking_off_ends_the_work():
    closed = []

    def endless():
        try:
            while True:
                yield "a line that never ends\n" * 1000
        finally:
            closed.append(True)

    pieces = zip_pieces([Member("a.csv", "", endless)], manifest, at=AT)
    next(pieces)
    pieces.close()
    assert closed == [True]


def test_a_name_that_leads_out_is_refused(tmp_path):
    with pytest.raises(InputError, match="leads out of the export"):
        write_folder([Member("../a", "", list)], manifest, tmp_path)


def test_memory_does_not_grow_with_the_file():
    """250 MB of trials through a ZIP in a process of its own: the peak grows by a few pieces only."""
    program = """
import resource
from datetime import UTC, datetime
from evaluation.core.archive import Member, zip_pieces
line = "R01,radiologist,c0123456789abcde,dcgan,benign,test,1,fake,3,1234," + "x" * 180 + "\\n"
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def size(n):
    rows = Member("trials.csv", "", lambda: (line for _ in range(n)))
    return sum(len(piece) for piece in zip_pieces([rows], lambda written: "", at=datetime(2026, 3, 2, tzinfo=UTC)))
size(1000)
before = peak()
size(1_000_000)
print(peak() - before)
"""
    grown = float(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    )
    assert grown < 8  # MiB
