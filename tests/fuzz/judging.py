"""What is demanded of every input: it is taken, or refused by one sentence; nothing else happens."""

import io
import os
import re
import time
import traceback
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from random import Random

from generation.core.errors import InputError
from tests.fuzz import tree
from tests.fuzz.doors import SAID_NAME, Door

MAX_SENTENCE = 1_200
MAX_CPU_SECONDS = 5.0  # for one input; another process watches for those that never end
_ENDS = (".", "?", ")", "!")
_PLACE = re.compile(r"\(\w+ in \w+\.py, line \d+\)")  # how jobs name an error that nobody thought of
TAKEN, REFUSED = "taken", "refused"


@dataclass(frozen=True)
class Verdict:
    """What became of one input.

    Attributes
    ----------
    kind : taken or refused
    faults : what was wrong about that; nothing where all is well
    """

    kind: str
    sentence: str
    faults: tuple[str, ...]


def input_of(door: Door, seed: int, number: int) -> tree.Tree:
    """An input by its number: the same bytes in every run."""
    rng = Random(f"{door.name}-{seed}-{number}")
    samples = door.samples()
    chosen = samples[rng.randrange(len(samples))]
    return door.spoil(chosen, rng)


def judge(door: Door, content: tree.Tree, home: Path, stderr: io.FileIO | None = None) -> Verdict:
    """Write an input, let the product take it, look at what happened, and clean up."""
    home.mkdir(exist_ok=True)
    folder, data = home / "given", home / "data"
    tree.write(content, folder)
    data.mkdir()
    start = stderr.seek(0, os.SEEK_END) if stderr else 0
    begin = time.process_time()
    faults: list[str] = []
    kind, sentence = TAKEN, ""
    try:
        door.enter(folder, data)
    except InputError as error:
        kind, sentence = REFUSED, str(error)
        faults += _about_sentence(sentence, home, is_typed=door.is_typed)
        left = tree.left_in(data) if door.is_kept_clean else []
        faults += [f"left in the data folder: {', '.join(left[:5])}"] if left else []
    except Exception as error:
        kind = REFUSED
        last = traceback.extract_tb(error.__traceback__)[-1]
        own = next(
            (f for f in reversed(traceback.extract_tb(error.__traceback__)) if "site-packages" not in f.filename and "/lib/python" not in f.filename), last
        )  # fmt: skip
        faults.append(
            f"{type(error).__name__} at {Path(own.filename).name}:{own.lineno}: {str(error)[:150]!r}"
        )
    seconds = time.process_time() - begin
    if seconds > MAX_CPU_SECONDS:
        faults.append(f"took {seconds:.0f} s of a processor")
    if stderr:
        stderr.seek(start)
        printed = stderr.read().decode("utf-8", "replace")
        if str(home) in printed or SAID_NAME in printed:
            faults.append(f"printed a path or a name: {printed[:200]!r}")
        os.ftruncate(stderr.fileno(), 0)
    tree.remove(folder)
    tree.remove(data)
    return Verdict(kind, sentence, tuple(faults))


def _about_sentence(sentence: str, home: Path, *, is_typed: bool) -> list[str]:
    faults = []
    if not sentence.strip() or not sentence.strip().endswith(_ENDS):
        faults.append(f"no sentence: {sentence[:200]!r}")
    if any(unicodedata.category(sign)[0] == "C" for sign in sentence):
        faults.append(f"control characters in the sentence: {sentence[:200]!r}")
    if len(sentence) > MAX_SENTENCE:
        faults.append(f"a sentence of {len(sentence)} characters: {sentence[:200]!r}")
    if str(home) in sentence and not is_typed:
        faults.append(f"a path in the sentence: {sentence[:200]!r}")
    if SAID_NAME.lower() in sentence.lower():
        faults.append(f"a name in the sentence: {sentence[:200]!r}")
    if "Traceback" in sentence or _PLACE.search(sentence):
        faults.append(f"an error that nobody thought of: {sentence[:200]!r}")
    return faults
