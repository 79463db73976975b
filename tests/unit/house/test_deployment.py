"""The units and the compose file fit the project: their syntax, the commands they start and the settings they name."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from readerstudy.serving import programs
from readerstudy.serving.address import Address
from tests.conftest import PROJECT

DEPLOY = PROJECT / "docs" / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
COMPOSE = DEPLOY / "compose.yaml"
SETTINGS = (PROJECT / "readerstudy" / "settings.py").read_text() + (
    PROJECT / "readerstudy" / "database.py"
).read_text()


def commands() -> set[str]:
    return {path.stem for path in PROJECT.glob("*/management/commands/*.py")} | {"migrate", "collectstatic"}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_accepts_the_unit(path: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    for unit in UNITS:
        text = re.sub(r"/opt/reader-study/\.venv/bin/python", "/bin/true", unit.read_text())
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / path.name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    about_ours = [line for line in done.stderr.splitlines() if line.startswith(path.stem.rstrip("@"))]
    assert about_ours == []


@pytest.mark.parametrize("path", [*UNITS, COMPOSE], ids=lambda path: path.name)
def test_starts_commands_that_exist(path: Path) -> None:
    started = set(re.findall(r"manage\.py\"?,? \"?([a-z_]+)", path.read_text()))
    assert started <= commands()


def test_serves_as_make_serve_does() -> None:
    own = programs.web_server(Address("127.0.0.1", 8000), logs=Path("log")).argv
    flags = {word for word in own if word.startswith("--")}
    unit = (DEPLOY / "reader-study-web.service").read_text()
    assert flags - set(re.findall(r"--[a-z-]+", unit)) == {"--timeout"}
    assert "--access-logfile" not in unit


def test_names_only_settings_that_are_read() -> None:
    named = set(re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "reader-study.env.example").read_text(), re.MULTILINE))
    assert {name for name in named if f'"{name}"' not in SETTINGS} == set()


class TestCompose:
    def test_every_service_waits_for_what_it_needs(self) -> None:
        told = yaml.safe_load(COMPOSE.read_text())
        for name in ("web", "worker", "gpu-worker", "watch"):
            assert set(told["services"][name]["depends_on"]) <= set(told["services"])
        named = {volume.split(":")[0] for one in told["services"].values() for volume in one["volumes"]}
        assert named == set(told["volumes"])

    def test_holds_no_password(self) -> None:
        for value in re.findall(r"(?:PASSWORD|SECRET_KEY|TOKEN): (\S+)", COMPOSE.read_text()):
            assert value.startswith("${")

    def test_docker_compose_accepts_it(self) -> None:
        program = shutil.which("docker-compose")
        if program is None:
            pytest.skip("docker-compose is not on this machine")
        secrets = {"POSTGRES_PASSWORD": "p", "DJANGO_SECRET_KEY": "k", "DJANGO_ALLOWED_HOSTS": "h"}
        done = subprocess.run(
            [program, "-f", str(COMPOSE), "config", "--quiet"],
            env=os.environ | secrets, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_the_image_copies_all_that_the_software_needs() -> None:
    copied = set(re.findall(r"^COPY (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    assert copied == {
        "requirements.txt",
        "manage.py",
        "readerstudy",
        "generation",
        "evaluation",
        "templates",
        "static",
    }


class TestImage:
    TEXT = (DEPLOY / "Dockerfile").read_text()

    def test_it_is_built_on_a_version_that_is_named(self) -> None:
        (base,) = re.findall(r"^FROM (\S+)", self.TEXT, re.MULTILINE)
        assert re.fullmatch(r"python:3\.\d+-slim-\w+", base)

    def test_it_runs_as_an_account_without_rights(self) -> None:
        assert re.findall(r"^USER (\S+)", self.TEXT, re.MULTILINE) == ["readerstudy"]
        assert self.TEXT.index("USER readerstudy") < self.TEXT.index('CMD ["python", "manage.py"')

    def test_its_health_is_asked_for(self) -> None:
        assert "/health/live" in self.TEXT[self.TEXT.index("HEALTHCHECK") :]

    def test_no_state_and_no_secret_gets_into_it(self) -> None:
        left_out = (PROJECT / ".dockerignore").read_text().split()
        assert {".env", "var", ".git", ".venv"} <= set(left_out)
        assert not re.search(r"^COPY \.", self.TEXT, re.MULTILINE)


@pytest.mark.parametrize(
    "path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name
)
def test_a_unit_runs_with_few_rights(path: Path) -> None:
    """A program that was taken over writes the data folder and nothing else."""
    told = dict(line.split("=", 1) for line in path.read_text().splitlines() if re.match(r"[A-Za-z]+=", line))
    assert told["User"] == "readerstudy"
    assert (told["NoNewPrivileges"], told["PrivateTmp"], told["ProtectHome"]) == ("yes", "yes", "yes")
    assert told["ProtectSystem"] == "strict"
    assert set(told["ReadWritePaths"].split()) <= {"/var/lib/reader-study", "/var/backups/reader-study"}


class TestServices:
    SERVICES = yaml.safe_load(COMPOSE.read_text())["services"]

    def test_each_image_is_of_a_version_that_is_named(self) -> None:
        for name, one in self.SERVICES.items():
            image = one["image"]
            assert image == "reader-study" or re.fullmatch(r"[\w./-]+:[\w.-]*\d[\w.-]*", image), name

    def test_they_name_only_settings_that_are_read(self) -> None:
        others = {"PROMETHEUS_MULTIPROC_DIR"}
        for one in self.SERVICES.values():
            if one["image"] == "reader-study":
                named = set(one["environment"]) - others
                assert {name for name in named if f'"{name}"' not in SETTINGS} == set()

    def test_those_that_serve_no_page_are_not_asked_for_one(self) -> None:
        ours = {name: one for name, one in self.SERVICES.items() if one["image"] == "reader-study"}
        assert {name for name, one in ours.items() if one.get("healthcheck") != {"disable": True}} == {"web"}

    def test_only_the_web_server_is_reached_and_only_from_this_machine(self) -> None:
        ports = {name: one["ports"] for name, one in self.SERVICES.items() if "ports" in one}
        assert ports == {"web": ["127.0.0.1:8000:8000"]}
