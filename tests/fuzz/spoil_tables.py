"""Spoil tables, JSON and the text headers of NRRD and MetaImage."""

import json
from random import Random
from typing import Any

from tests.fuzz.spoil_bytes import ODD_FLOATS, ODD_TEXTS, ODD_WHOLES


def csv_text(content: bytes, rng: Random) -> bytes:
    """Change cells, columns, rows, separators or the encoding of a CSV."""
    text = content.decode("utf-8", "replace")
    lines = text.split("\n")
    rows = [line.split(",") for line in lines]
    row = rng.randrange(len(rows))
    column = rng.randrange(len(rows[row]))
    way = rng.randrange(12)
    if way <= 3:
        rows[row][column] = rng.choice(ODD_TEXTS)
    elif way == 4:
        rows[0][rng.randrange(len(rows[0]))] = rng.choice((*ODD_TEXTS, rng.choice(rows[0])))
    elif way == 5:
        del rows[row][column]
    elif way == 6:
        rows.insert(row, list(rng.choice(rows)))
    elif way == 7:
        del rows[row]
    elif way == 8:
        rows[row].insert(column, rng.choice(ODD_TEXTS))
    elif way == 9:
        rows = [[cell for place, cell in enumerate(cells) if place != column] for cells in rows]
    elif way == 10:
        separator, end = rng.choice((";", "\t", ",", "|")), rng.choice(("\n", "\r\n", "\r", "\n\n"))
        return end.join(separator.join(cells) for cells in rows).encode()
    joined = "\n".join(",".join(cells) for cells in rows)
    if way == 11:
        return joined.encode(rng.choice(("utf-16", "utf-8-sig", "latin-1", "utf-32")), "replace")
    return joined.encode("utf-8", "surrogatepass")


ODD_NODES: tuple[Any, ...] = (
    None, True, False, "", [], {}, [[]], [None], {"": None}, 2**70, -(2**70), 1e308, "\ud800", "\x00", *ODD_WHOLES, *ODD_FLOATS, *ODD_TEXTS,
)  # fmt: skip


def json_text(content: bytes, rng: Random) -> bytes:
    """Put something odd in the place of a value, or take a value away."""
    if rng.random() < 0.03:
        return rng.choice(
            (b"[" * 50_000, b'{"a":' * 50_000, b"1e999", b"9" * 6000, b"nan", b'"' + b"a" * 10**6)
        )
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return content[:-1]
    nodes: list[tuple[Any, Any]] = []
    _collect(data, nodes)
    if not nodes or rng.random() < 0.03:
        data = rng.choice(ODD_NODES)
    else:
        parent, key = rng.choice(nodes)
        way = rng.randrange(6)
        if way == 0:
            del parent[key]
        elif way == 1 and isinstance(parent, dict):
            parent[rng.choice(ODD_TEXTS)] = parent.pop(key)
        elif way == 2 and isinstance(parent, list):
            parent.extend([parent[key]] * rng.choice((1, 2, 500)))
        elif way == 3:
            parent[key] = rng.choice(([parent[key]], {"a": parent[key]}, str(parent[key])))
        else:
            parent[key] = rng.choice(ODD_NODES)
    return json.dumps(data).encode()


def _collect(data: Any, nodes: list[tuple[Any, Any]]) -> None:
    keys = data.keys() if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in list(keys):
        nodes.append((data, key))
        _collect(data[key], nodes)


_FIELDS = (
    b"NDims", b"DimSize", b"ElementType", b"ElementDataFile", b"ElementSpacing", b"Offset", b"TransformMatrix", b"CompressedData",
    b"ElementNumberOfChannels", b"HeaderSize", b"BinaryDataByteOrderMSB", b"CompressedDataSize", b"AnatomicalOrientation", b"CenterOfRotation",
    b"type", b"dimension", b"sizes", b"encoding", b"endian", b"data file", b"space", b"space directions", b"space origin", b"kinds",
    b"spacings", b"line skip", b"byte skip", b"centers", b"units", b"block size", b"min", b"max",
)  # fmt: skip
_VALUES = (
    b"", b"0", b"1", b"-1", b"2", b"4", b"99", b"3 3", b"0 0 0", b"-1 -1 -1", b"4 4 4", b"65536 65536 65536", b"99999999999 2 2", b"nan nan nan",
    b"inf 1 1", b"MET_FLOAT", b"MET_DOUBLE", b"MET_UCHAR", b"MET_STRING", b"MET_OTHER", b"MET_SHORT_ARRAY", b"LIST", b"LIST 2", b"LOCAL",
    b"/etc/passwd", b"../secret.raw", b"slice%d.raw 1 3 1", b"True", b"False", b"float", b"double", b"block", b"uchar", b"int64", b"gzip",
    b"bz2", b"ascii", b"hex", b"raw", b"big", b"none", b"(1,0,0) (0,1,0) (0,0,nan)", b"(1e999,0,0)", b"list", b"domain domain vector",
    b"left-posterior-superior", b"scanner-xyz-time", b"9" * 400, b"a" * 5000, b"%s%s%s%n",
)  # fmt: skip


def header_lines(content: bytes, rng: Random) -> bytes:
    """Change one line of a text header, or add one."""
    end = content.find(b"\n\n") if content.startswith(b"NRRD") else content.find(b"ElementDataFile")
    end = len(content) if end < 0 else end
    lines = content[:end].split(b"\n")
    sign = b": " if content.startswith(b"NRRD") else b" = "
    line = rng.choice(_FIELDS) + sign + rng.choice(_VALUES)
    number = rng.randrange(len(lines))
    way = rng.randrange(5)
    if way == 0:
        del lines[number]
    elif way == 1:
        lines.insert(max(number, 1), line)
    elif way == 2:
        lines.insert(number, lines[rng.randrange(len(lines))])
    else:
        name = lines[number].split(sign.strip())[0].strip()
        lines[number] = name + sign + rng.choice(_VALUES)
    rest = content[end:]
    if sign == b" = " and rng.random() < 0.2:
        rest = rest.replace(b"LOCAL", rng.choice(_VALUES), 1)
    return b"\n".join(lines) + rest
