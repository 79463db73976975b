"""Choose a file of a tree and a way to spoil it; or spoil the folder itself."""

import io
import os
import struct
import zipfile
from collections.abc import Callable
from random import Random

from tests.fuzz import spoil_bytes, spoil_dicom, spoil_images, spoil_tables
from tests.fuzz.tree import Tree

Way = Callable[[bytes, Random], bytes]
BY_SUFFIX: dict[str, Way] = {
    ".gz": spoil_images.packed,
    ".nii": spoil_images.nifti,
    ".nrrd": spoil_tables.header_lines,
    ".mha": spoil_tables.header_lines,
    ".npy": spoil_images.npy,
    ".png": spoil_images.png,
    ".tif": spoil_images.tiff,
    ".tiff": spoil_images.tiff,
    ".dcm": spoil_dicom.dicom,
    ".csv": spoil_tables.csv_text,
    ".json": spoil_tables.json_text,
    ".safetensors": spoil_images.safetensors,
}
ODD_NAMES = (
    "Hildegard", "a b", "ü", "\u202egnp", "a\nb", "-rf", "x" * 240, "0", "9" * 200, "%s", ".hidden", "__MACOSX", "CON", "a\\b",
    "a'b\"c", os.fsdecode(b"\xff\xfe"), "P01", "T1_pre", "benign", "t1_pre",
)  # fmt: skip
MAX_BYTES = 4_000_000


def spoil(tree: Tree, rng: Random) -> Tree:
    """A tree with one to three things wrong."""
    spoilt = dict(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not spoilt:
            break
        (_folder if rng.random() < 0.12 and len(tree) > 1 else _file)(spoilt, rng)
    return spoilt


def _file(tree: Tree, rng: Random) -> None:
    """Files of a format are as likely as their number's root: forty slices do not hide one table."""
    name = rng.choice(sorted(tree))
    if rng.random() < 0.5:
        suffixes = sorted({os.path.splitext(one)[1] for one in tree})  # noqa: PTH122
        suffix = rng.choice(suffixes)
        name = rng.choice([one for one in sorted(tree) if one.endswith(suffix)])
    content = tree[name]
    if isinstance(content, bytes):
        way = BY_SUFFIX.get(os.path.splitext(name)[1])  # noqa: PTH122
        way = spoil_bytes.spoil if way is None or rng.random() < 0.35 else way
        tree[name] = way(content, rng)[:MAX_BYTES]


def _folder(tree: Tree, rng: Random) -> None:
    name, other = rng.choice(sorted(tree)), rng.choice(sorted(tree))
    home, _, last = name.rpartition("/")
    suffix = last[last.find(".") :] if "." in last else ""
    way = rng.randrange(7)
    if way == 0:
        del tree[name]
    elif way == 1:
        tree[f"{home}/{rng.choice(ODD_NAMES)}{suffix}".lstrip("/")] = tree[name]
    elif way == 2:
        tree[name] = tree[other]
    elif way == 3:
        tree[name] = rng.choice(
            (".", "/etc", "nowhere", other.rpartition("/")[2], "/dev/zero", name.rpartition("/")[2])
        )
    elif way == 4:
        tree[f"{home}/made/inside{suffix}".lstrip("/")] = tree.pop(name)
    elif way == 5 and home:
        renamed = f"{rng.choice(ODD_NAMES)}"
        for one in [one for one in tree if one.startswith(f"{home}/")]:
            tree[f"{renamed}/{one[len(home) + 1 :]}"] = tree.pop(one)
    else:
        tree[f"{home}/{last}.bak".lstrip("/")] = tree[name]


ZIP_NAMES = ("../x.npy", "/x.npy", "C:/x.npy", "a\\x.npy", "a/../../x.npy", "x.npy", "", "a" * 5000 + ".npy", "9" * 5000 + ".npy", "benign/", "\x00.npy", "ü/ü.npy", "benign/x.npy", "./benign/./y.npy", "Zweigelt/x.npy", "a/" * 3000 + "x.npy", "index.csv", "²/1.npy")  # fmt: skip


def zipped(tree: Tree, rng: Random) -> bytes:
    """A ZIP of a tree: spoilt inside, in its names, in its directory, or as a bomb."""
    spoilt = spoil(tree, rng) if rng.random() < 0.5 else dict(tree)
    buffer = io.BytesIO()
    with zipfile.ZipFile(
        buffer, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    ) as archive:
        for name, content in spoilt.items():
            info = zipfile.ZipInfo(
                rng.choice(ZIP_NAMES) if rng.random() < 0.05 else name.encode("utf-8", "replace").decode()
            )
            if isinstance(content, str) or rng.random() < 0.01:
                info.external_attr = rng.choice((0o120777, 0o040755, 0o020666)) << 16
            info.compress_type = archive.compression
            try:
                archive.writestr(info, content)
            except (ValueError, UnicodeError, struct.error):
                continue
        if rng.random() < 0.03:
            archive.writestr("benign/bomb.npy", b"\0" * (5 << 20), zipfile.ZIP_DEFLATED)
    packed = buffer.getvalue()
    for _ in range(rng.choice((0, 1, 1, 2))):
        packed = _record(packed, rng) if rng.random() < 0.6 else spoil_bytes.spoil(packed, rng)
    return packed


def _record(packed: bytes, rng: Random) -> bytes:
    """Change a field of a local, central or closing record."""
    mark, n_bytes = rng.choice(((b"PK\x03\x04", 30), (b"PK\x01\x02", 46), (b"PK\x05\x06", 22)))
    places = (
        [place for place in range(len(packed)) if packed.startswith(mark, place)]
        if len(packed) < 300_000
        else [packed.find(mark)]
    )
    if not places or places[0] < 0:
        return packed
    place = rng.choice(places) + rng.randrange(4, n_bytes)
    size = rng.choice((1, 2, 4))
    value = rng.choice(spoil_bytes.ODD_WHOLES) % (1 << 8 * size)
    return packed[:place] + value.to_bytes(size, "little") + packed[place + size :]
