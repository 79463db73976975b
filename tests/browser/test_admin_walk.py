"""One study from sign-in to the exported Table 3: everything in browsers, with the workers that `make serve` starts."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from readerstudy.serving.address import Address, choose
from tests.browser import serving
from tests.browser.serving import FIRST_PORT, PROJECT, environment, run_python
from tests.browser.sitting import LARGE, look, see_warm_up
from tests.scans import make_patient_folder

N_PATIENTS = 2
STARTING_SECONDS = 240
JOB_MS = 300_000  # for a job of the workers on a machine that has other work
PASSWORD = "a long password of the tests"
CLASSES = ("benign", "malignant", "no findings")
QUOTAS = {"Real": 2, "DCGAN": 1, "WGAN": 1}  # panels of each class
WARM_UP = {"real": 1, "synthetic": 2}
N_WARM_UP = sum(WARM_UP.values())
N_TEST = len(CLASSES) * sum(QUOTAS.values())
ANSWERS = {"f": "real", "j": "fake"}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.slow,
    pytest.mark.timeout(1200),  # it waits for jobs of real workers
]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Small scans of phantom patients on the disk: all that there is before the walk, besides one account."""
    for number in range(1, N_PATIENTS + 1):
        patient = make_patient_folder(tmp_path / "scans" / f"P{number:02}", seed=number)
        truth = patient / "truth.json"
        truth.write_text(json.dumps({"source": "a phantom", **json.loads(truth.read_text())}))
    return tmp_path / "scans"


@pytest.fixture
def served(tmp_path: Path, blank: Path) -> Iterator[tuple[str, str]]:
    """`manage.py serve` on a new data folder; its address, and the link by which the first account sets its password."""
    data = Path(shutil.copytree(blank, tmp_path / "instance"))
    address = choose(Address("127.0.0.1", FIRST_PORT + 150), any_port=True)
    made = run_python(data, "manage.py", "make_account", "ada", "--url", address.url)
    with (tmp_path / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--bind", address.bind],
            cwd=PROJECT,
            env={**environment(data), "WEB_WORKERS": "1", "OMP_NUM_THREADS": "1"},
            stdout=log,
            stderr=log,
        )
    serving.wait_for(f"{address.url}/sign-in/", process, tmp_path / "serve.log", seconds=STARTING_SECONDS)
    yield address.url, made.split()[-1]
    process.terminate()
    process.wait(timeout=60)


@pytest.fixture
def desk(chromium: Browser) -> Iterator[BrowserContext]:
    """The admin's browser; no page may raise an error, and no policy may be violated."""
    troubles: list[str] = []
    with chromium.new_context(viewport=LARGE, accept_downloads=True) as context:
        context.on("weberror", lambda error: troubles.append(str(error.error)))
        context.on(
            "console",
            lambda message: (
                troubles.append(f"{message.page and message.page.url}: {message.text}")
                if message.type == "error"
                else None
            ),
        )
        yield context
    assert troubles == []


def test_from_sign_in_to_table_3(
    served: tuple[str, str], scans: Path, desk: BrowserContext, chromium: Browser
) -> None:
    url, first_link = served
    page = desk.new_page()
    sign_in(page, url, first_link)
    import_scans(page, scans)
    extract_patches(page)
    for recipe in ("DCGAN, the paper's first", "WGAN, the paper's second"):
        train_and_sample(page, recipe)
    offer_real_patches(page)
    design(page)
    freeze(page)
    links = invite(page)
    open_to_readers(page)
    answered = [read(chromium, link, keys) for link, keys in zip(links, ("j", "fj"), strict=True)]
    watch_without_results(page)
    close(page)
    table3 = download(page, "Table 3 CSV")
    everything = zipfile.ZipFile(io.BytesIO(download_everything(page)))
    check_table3(rows_of(table3), answered)
    check_everything(everything, table3, answered)


def sign_in(page: Page, url: str, first_link: str) -> None:
    """Set the password of a new account by its link, and sign in."""
    page.goto(first_link)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    with page.expect_navigation():
        press(page, "Set the password")
    page.goto(f"{url}/desk/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")
    page.wait_for_url(f"{url}/desk/")


def import_scans(page: Page, scans: Path) -> None:
    """Look what the folder holds, then import it."""
    go(page, "Cohorts")
    page.get_by_role("link", name="Import scans").first.click()
    fill(page, "Folder", str(scans))
    fill(page, "Name", "Phantom")
    press(page, "Look first")
    expect(page.get_by_text("Every patient can be imported.")).to_be_visible(timeout=JOB_MS)
    page.get_by_role("link", name="Go on to the import").click()
    expect(page.get_by_label("Folder", exact=True)).to_have_value(str(scans))
    press(page, "Import")
    expect(page.get_by_role("heading", name="Table 1. Description of the data")).to_be_visible(timeout=JOB_MS)


def extract_patches(page: Page) -> None:
    """Look at the breast regions, which are approved for a phantom, and cut patches, few of them of healthy tissue."""
    page.get_by_role("link", name="Look at the breast regions").click(timeout=JOB_MS)
    expect(page.get_by_text(f"{N_PATIENTS} patients · {N_PATIENTS} approved")).to_be_visible()
    page.get_by_role("link", name="Phantom", exact=True).click()
    fill(page, "Healthy patches per breast and slice", "1")
    press(page, "Extract")
    extraction = page.get_by_role("region", name="Extractions").get_by_role("row").nth(1)
    expect(extraction).to_contain_text("finished", timeout=JOB_MS, ignore_case=True)


def train_and_sample(page: Page, recipe: str) -> None:
    """Train a narrow generator for two steps, and sample its checkpoint into a pool."""
    go(page, "Training")
    page.get_by_role("link", name="New training").first.click()
    page.get_by_label("Patch set").select_option(index=1)
    page.get_by_label(recipe).check()
    fill(page, "Generator updates", "2")
    page.get_by_text("Change the recipe").click()
    fill(page, "Width", "4")
    press(page, "Start training")
    expect(page.get_by_role("heading", name="Sample a checkpoint")).to_be_visible(timeout=JOB_MS)
    expect(page.get_by_role("button", name="Stop and keep a checkpoint")).to_have_count(0, timeout=JOB_MS)
    fill(page, "Patches per class", "6")
    fill(page, "Offer as pool", f"{recipe.partition(',')[0]} pool")
    press(page, "Sample")
    pool = page.get_by_role("link", name=f"{recipe.partition(',')[0]} pool")
    expect(pool).to_be_visible(timeout=JOB_MS)


def offer_real_patches(page: Page) -> None:
    """Make a pool of the patches that were cut."""
    go(page, "Pools")
    chosen = page.get_by_label("Patch set")
    chosen.select_option(label=chosen.locator("option", has_text="· real ·").inner_text())
    fill(page, "Name", "Real pool")
    press(page, "Make pool")
    expect(page.get_by_role("heading", name="Real pool")).to_be_visible()


def design(page: Page) -> None:
    """A study of a few panels, without the steps before reading."""
    go(page, "Studies")
    page.get_by_role("link", name="New study").first.click()
    fill(page, "Name", "Walk")
    for source, n in QUOTAS.items():
        for lesion_class in CLASSES:
            fill(page, f"{source}, {lesion_class}", str(n))
    fill(page, "Real panels", str(WARM_UP["real"]))
    fill(page, "Synthetic panels", str(WARM_UP["synthetic"]))
    fill(page, "Consent", "")
    page.get_by_label("Check the reader’s display").uncheck()
    for question in page.get_by_label("Question", exact=True).all()[1:]:
        question.fill("")
    press(page, "Make the draft")
    expect(page.get_by_role("heading", name="Next: freeze the study")).to_be_visible()


def freeze(page: Page) -> None:
    """Fix the protocol."""
    page.get_by_label("I understand that the protocol cannot change afterwards.").check()
    press(page, "Freeze")
    expect(page.locator("#fingerprint")).to_have_text(re.compile("[0-9a-f]{64}"))


def invite(page: Page) -> list[str]:
    """Invite a radiologist and a layperson; their personal links."""
    page.get_by_role("link", name="Readers", exact=True).first.click()
    for name, group in (("Dr. First", "radiologist"), ("Second", "layperson")):
        fill(page, "Name", name)
        fill(page, "Group", group)
        press(page, "Invite")
        expect(page.get_by_label(f"Link of {name}")).to_be_visible()
    return [page.get_by_label(f"Link of {name}").input_value() for name in ("Dr. First", "Second")]


def open_to_readers(page: Page) -> None:
    page.get_by_role("link", name="Overview").click()
    page.get_by_label("Let invited readers in.").check()
    press(page, "Open")
    expect(page.get_by_role("heading", name="When reading is over: close the study")).to_be_visible()


def read(chromium: Browser, link: str, keys: str) -> list[str]:
    """Read the whole study with keys in turn, in a browser of one's own; the answers in their order."""
    with chromium.new_context(viewport=LARGE) as context:
        page = context.new_page()
        page.goto(link)
        press(page, "Start")
        press(page, "Begin the warm-up")
        see_warm_up(page, N_WARM_UP)
        page.get_by_role("link", name="Begin the test").click()
        pressed = [keys[number % len(keys)] for number in range(N_TEST)]
        for number, key in enumerate(pressed, start=1):
            expect(page.locator("#place")).to_have_text(f"Trial {number} of {N_TEST}")
            look(page)
            page.keyboard.press(key)
        expect(page.get_by_role("heading", name="All done")).to_be_visible()
    return [ANSWERS[key] for key in pressed]


def watch_without_results(page: Page) -> None:
    """While the study is open the desk tells how far readers are, and no result."""
    page.reload()
    for reader in ("R01", "R02"):
        expect(page.get_by_role("row", name=reader)).to_contain_text(f"{N_TEST} / {N_TEST}")
    page.get_by_role("link", name="Results", exact=True).click()
    expect(page.get_by_role("link", name="Table 3 CSV")).to_have_count(0)
    page.get_by_role("link", name="Overview").click()


def close(page: Page) -> None:
    """End reading, and wait for the analysis that a worker does."""
    page.get_by_label("Nobody shall read any more.").check()
    press(page, "Close")
    page.get_by_role("link", name="Results", exact=True).click()
    expect(page.get_by_role("heading", name="Better than guessing?")).to_be_visible(timeout=JOB_MS)


def check_table3(rows: list[dict[str, str]], answered: list[list[str]]) -> None:
    """Reader R01 called everything synthetic, so it was right about all generated panels and no real one."""
    found = {(row["reader"], row["origin"]): row for row in rows}
    n = {source.lower(): len(CLASSES) * per_class for source, per_class in QUOTAS.items()}
    assert set(found) == {(reader, origin) for reader in ("R01", "R02") for origin in (*n, "all")}
    for origin, n_trials in n.items():
        row = found["R01", origin]
        assert int(row["n_trials"]) == n_trials
        assert int(row["n_correct"]) == (0 if origin == "real" else n_trials)
    for reader, answers in zip(("R01", "R02"), answered, strict=True):
        assert int(found[reader, "all"]["n_trials"]) == len(answers) == N_TEST
    assert float(found["R01", "all"]["fraction_correct"]) == (n["dcgan"] + n["wgan"]) / N_TEST


def check_everything(everything: zipfile.ZipFile, table3: str, answered: list[list[str]]) -> None:
    """The ZIP holds the same table, every answer in the order in which it was given, and nobody's name."""
    assert everything.testzip() is None
    files = {name: everything.read(name) for name in everything.namelist()}
    assert files["table3.csv"].decode() == table3
    assert {one["name"] for one in json.loads(files["manifest.json"])["files"]} == set(files) - {
        "manifest.json"
    }
    trials = [row for row in rows_of(files["trials.csv"].decode()) if row["phase"] == "test"]
    for reader, answers in zip(("R01", "R02"), answered, strict=True):
        read_by = sorted(
            (row for row in trials if row["reader"] == reader), key=lambda row: int(row["order"])
        )
        assert [row["answer"] for row in read_by] == answers
        right = Counter(
            row["origin"] for row in read_by if (row["origin"] == "real") == (row["answer"] == "real")
        )
        told = {row["origin"]: int(row["n_correct"]) for row in rows_of(table3) if row["reader"] == reader}
        assert told == {**{name.lower(): right[name.lower()] for name in QUOTAS}, "all": right.total()}
    assert not [name for name, content in files.items() if b"Dr. First" in content]
    verbs = [row["verb"] for row in rows_of(files["audit.csv"].decode())]
    steps = ("study.created", "study.frozen", "study.opened", "study.closed")
    assert [verb for verb in verbs if verb in steps] == list(steps)


def download(page: Page, link: str) -> str:
    with page.expect_download() as started:
        page.get_by_role("link", name=link).first.click()
    return started.value.path().read_text(encoding="utf-8")


def download_everything(page: Page) -> bytes:
    page.get_by_role("link", name="Files", exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Everything (ZIP)").click()
    return started.value.path().read_bytes()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def go(page: Page, section: str) -> None:
    page.get_by_role("navigation", name="Desk").get_by_role("link", name=section, exact=True).click()


def fill(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).fill(text)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
