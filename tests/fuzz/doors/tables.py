"""Doors of tables: trials, lists of readers, answers as JSON."""

import json
from functools import cache
from pathlib import Path

from evaluation.core.analysis import AnalysisOptions, analyse
from generation.core.errors import InputError
from readerstudy.core import invitation_csv, judgement, trial_csv, viewer_log
from tests.fuzz.doors import Door
from tests.fuzz.tree import Tree


@cache
def trial_samples() -> list[Tree]:
    """An export with every column, and the least that is enough."""
    full = ["reader,group,case,origin,tissue,phase,order,answer,confidence,rt_ms,role"]
    least = ["reader,case,origin,tissue,answer"]
    for reader in ("R01", "R02"):
        for number in range(12):
            origin, tissue = (
                ("real", "dcgan", "wgan")[number % 3],
                ("benign", "malignant", "no_findings")[number // 4],
            )
            answer = "real" if (number + len(reader)) % 2 else "fake"
            full.append(
                f"{reader},radiologist,c{number},{origin},{tissue},test,{number + 1},{answer},{1 + number % 4},{900 + number},first"
            )
            least.append(f"{reader},c{number},{origin},{tissue},{answer}")
    return [{"trials.csv": "\n".join(lines).encode() + b"\n"} for lines in (full, least)]


def read_trials(folder: Path, data: Path) -> None:
    """trials.csv, as `analyse_trials` reads it."""
    _trials(folder)


def analyse_trials(folder: Path, data: Path) -> None:
    """trials.csv read and analysed."""
    analyse(_trials(folder), AnalysisOptions(n_replicates=100))


def _trials(folder: Path) -> list[trial_csv.TrialRow]:
    path = folder / "trials.csv"
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return trial_csv.read_rows(file)
    except UnicodeDecodeError as error:  # as the command does
        raise InputError(f"The file is not UTF-8 text (byte {error.start}); save it as UTF-8.") from None


@cache
def reader_samples() -> list[Tree]:
    """Lists of readers as spreadsheets write them."""
    text = 'name,email,group,language\nAda Lovelace,ada@example.org,radiologist,en\n"Hopper, Grace",,layperson,de\n'
    return [{"readers.csv": text.encode()}, {"readers.csv": text.replace(",", ";").encode("utf-16")}]


def read_readers(folder: Path, data: Path) -> None:
    """A list of readers; a line that cannot be used says why."""
    content = (folder / "readers.csv").read_bytes()
    for line in invitation_csv.read(invitation_csv.decode(content)):
        if line.faults:
            raise InputError(line.faults[0])


@cache
def answer_samples() -> list[Tree]:
    """The body of an answer, with everything that a viewer tells."""
    log = dict.fromkeys(viewer_log.FIELDS, 1)
    body = {"answer": "real", "is_timeout": False, "confidence": 3, "comment": "chequerboard", "rt_ms": 900, "hidden_ms": 0, "n_hidden": 0, "waited_ms": 5, "viewer": log}  # fmt: skip
    return [{"answer.json": json.dumps(body).encode()}]


def read_answer(folder: Path, data: Path) -> None:
    """An answer and its log, as they are stored."""
    text = (folder / "answer.json").read_bytes()
    viewer_log.parse(text.decode("utf-8", "replace"))
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):  # as the view does
        raise InputError("The request is no JSON object.") from None
    if not isinstance(body, dict):
        raise InputError("The request is no JSON object.")
    said = judgement.from_json(body)
    json.dumps([said.verdict, said.viewer, said.rt_ms, said.waited_ms], allow_nan=False)


DOORS = [
    Door("trial CSV", 11_000, trial_samples, read_trials),
    Door("trial CSV, analysed", 100, trial_samples, analyse_trials),
    Door("list of readers", 5_000, reader_samples, read_readers),
    Door("answer as JSON", 5_000, answer_samples, read_answer),
]
