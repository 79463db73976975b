"""SECURITY.md says which test shows each defence: those tests exist, and each kind of harm names some."""

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT

TEXT = (PROJECT / "SECURITY.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+\.py(?:::\w+)*)`", TEXT)))


def names_in(path: Path) -> set[str]:
    """`Class`, `Class::test_x` and `test_x`."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return found


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_is_named_exists(named: str) -> None:
    file, _, inside = named.partition("::")
    assert (PROJECT / file).is_file()
    assert not inside or inside in names_in(PROJECT / file)


@pytest.mark.parametrize("who", ["curious reader", "careless admin", "outsider", "compromised worker"])
def test_each_kind_of_harm_names_tests_and_what_is_not_defended(who: str) -> None:
    _, _, after = TEXT.partition(f"### The {who}")
    section = re.split(r"\n##", after)[0]
    assert len(re.findall(r"`tests/", section)) >= 4
    assert "Not defended:" in section
    rows = [
        line for line in section.splitlines() if line.startswith("| ") and "defence | shown by" not in line
    ]
    assert all("`tests/" in line for line in rows)
