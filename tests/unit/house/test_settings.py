"""Settings are told in three places, which agree: the code, the table of the README, and the example file."""

import ast
import re
from pathlib import Path

import pytest

from readerstudy import env
from tests.conftest import PROJECT

EXAMPLE = PROJECT / "docs" / "deploy" / "reader-study.env.example"
OF_THE_MACHINE = {
    "DJANGO_SETTINGS_MODULE",
    "PROMETHEUS_MULTIPROC_DIR",
    "LOCAL_RANK",
    "WORLD_SIZE",
    "OPENBLAS_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
}  # set by our own programs or by torchrun, not by people
HELPERS = {name for name in dir(env) if not name.startswith("_")}


def names_in_code() -> set[str]:
    """What any module asks of the environment: `env.text("NAME")`, and in env.py itself."""
    found = set()
    for app in ("generation", "readerstudy", "evaluation"):
        for path in (PROJECT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and is_asking(node) and isinstance(node.args[0], ast.Constant):
                    found.add(str(node.args[0].value))
    return found - OF_THE_MACHINE


def is_asking(call: ast.Call) -> bool:
    if not call.args:
        return False
    match call.func:
        case ast.Attribute(value=ast.Name(id="env"), attr=name):
            return name in HELPERS
        case ast.Name(id="_raw"):
            return True
        case ast.Attribute(
            value=ast.Attribute(value=ast.Name(id="os"), attr="environ"), attr="get" | "setdefault"
        ):
            return True
    return False


def names_in_readme() -> set[str]:
    _, _, after = (PROJECT / "README.md").read_text().partition("## Settings")
    table, _, _ = after.partition("\n## ")
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", cell)}


def lines_of_example() -> list[str]:
    return EXAMPLE.read_text().splitlines()


def names_in_example() -> set[str]:
    return {match[1] for line in lines_of_example() if (match := re.match(r"#?([A-Z][A-Z0-9_]+)=", line))}


def test_the_readme_has_every_setting_and_no_other() -> None:
    assert names_in_readme() == names_in_code()


def test_the_example_has_every_setting_and_no_other() -> None:
    assert names_in_example() == names_in_code() - {"READERSTUDY_ENV_FILE"}  # which names such a file


def test_the_example_says_of_each_setting_what_it_means() -> None:
    explained = False
    for line in lines_of_example():
        is_setting = re.match(r"#?[A-Z][A-Z0-9_]+=", line)
        assert explained or not is_setting, line
        explained = bool(line) and (explained or not is_setting)


def test_every_line_of_the_example_can_be_read(tmp_path: Path) -> None:
    all_on = tmp_path / "env"
    all_on.write_text(re.sub(r"^#(?=[A-Z][A-Z0-9_]+=)", "", EXAMPLE.read_text(), flags=re.MULTILINE))
    assert env.read_file(all_on).keys() == names_in_example()


class TestReadFile:
    def test_reads_lines_as_systemd_does(self, tmp_path: Path) -> None:
        file = tmp_path / "env"
        file.write_text("# a word\n\nA=1\n B = two words \nC='x # y'\nD=\"\"\nexport E=$HOME\n")
        assert env.read_file(file) == {"A": "1", "B": "two words", "C": "x # y", "D": "", "E": "$HOME"}

    def test_names_the_line_that_it_cannot_read(self, tmp_path: Path) -> None:
        file = tmp_path / "env"
        file.write_text("A=1\nDJANGO_HTTPS 1\n")
        with pytest.raises(Exception, match=r"env, line 2: write NAME=value, or begin the line with #\."):
            env.read_file(file)


class TestLoadFile:
    @pytest.fixture(autouse=True)
    def own_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("READERSTUDY_ENV_FILE")
        for name in ("READERSTUDY_TEST_A", "READERSTUDY_TEST_B"):
            monkeypatch.setenv(name, "")  # so that it is taken back
            monkeypatch.delenv(name)

    def test_the_environment_comes_first(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / ".env").write_text("READERSTUDY_TEST_A=file\nREADERSTUDY_TEST_B=file\n")
        monkeypatch.setenv("READERSTUDY_TEST_A", "environment")
        assert env.load_file(tmp_path / ".env") == tmp_path / ".env"
        assert (env.text("READERSTUDY_TEST_A"), env.text("READERSTUDY_TEST_B")) == ("environment", "file")

    def test_no_file_is_no_matter(self, tmp_path: Path) -> None:
        assert env.load_file(tmp_path / ".env") is None

    def test_another_file_can_be_named_and_has_to_be_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("READERSTUDY_ENV_FILE", str(tmp_path / "gone"))
        with pytest.raises(Exception, match=r'names "[^"]+gone", which is no file; correct or clear it'):
            env.load_file(tmp_path / ".env")

    def test_an_empty_name_means_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / ".env").write_text("READERSTUDY_TEST_A=file\n")
        monkeypatch.setenv("READERSTUDY_ENV_FILE", "")
        assert env.load_file(tmp_path / ".env") is None
        assert env.text("READERSTUDY_TEST_A") == ""
