"""The tables of docs/reliability.md name tests that there are."""

import ast
import re
from functools import cache

import pytest

from tests.conftest import PROJECT

PAGE = PROJECT / "docs" / "reliability.md"
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE.read_text(encoding="utf-8"))))


@cache
def names_in(path: str) -> frozenset[str]:
    """`test_function` and `TestClass::test_method` of a file."""
    found = set()
    for node in ast.parse((PROJECT / path).read_text(encoding="utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        before = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {f"{before}{one.name}" for one in inside if isinstance(one, ast.FunctionDef)}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


@pytest.mark.parametrize("named", NAMED)
def test_there_is_such_a_test(named: str) -> None:
    path, _, name = named.partition("::")
    assert (PROJECT / path).is_file()
    assert name in names_in(path)


def test_every_fault_names_the_test_that_injects_it() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.count("|") == 6]
    faults = [row for row in rows if not re.match(r"\| \*\*|\| fault|\|-", row)]
    assert len(faults) > 15
    assert [row for row in faults if "`tests/" not in row] == []
