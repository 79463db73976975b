"""A small share of the fuzzer in every run of the tests, always the same inputs; `make fuzz` runs as many as one likes."""

import pytest

from tests.fuzz import judging, running
from tests.fuzz.doors import Door, all_doors, pages

SEED = 1
# Inputs of each door that opens quickly; they share one process in the tests and have one each in `make fuzz`.
FEW = {
    "answer as JSON": 150, "list of readers": 150, "trial CSV": 200, "trial CSV, analysed": 2, "patches: .npy": 120, "patches: PNG and TIFF": 90,
    "patches: NIfTI": 40, "patches: DICOM": 40, "patches: ZIP": 80, "patch set": 40, "frame set": 80, "volume": 150, "scans: own layout": 15,
    "scans: public layouts": 15, "scans: DICOM study": 5, "DICOM file": 60, "DICOM segmentation": 60, "table of lesions": 150, "backup": 60,
}  # fmt: skip


@pytest.mark.filterwarnings(
    "default"
)  # libraries warn of what is spoilt; what they print is judged in `make fuzz`
@pytest.mark.parametrize("name", FEW)
def test_every_spoilt_input_is_taken_or_refused_in_one_sentence(name, tmp_path):
    door = all_doors(with_database=False)[name]
    for number in range(FEW[name]):
        verdict = judging.judge(door, judging.input_of(door, SEED, number), tmp_path / "home")
        assert not verdict.faults, (number, verdict)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("door", pages.DOORS, ids=lambda door: door.name)
def test_pages_and_jobs(door, db, tmp_path, monkeypatch):
    for made_once in (pages._admin, pages._study, pages._room):
        made_once.cache_clear()
    for number in range(4):
        verdict = judging.judge(door, judging.input_of(door, SEED, number), tmp_path / "home")
        assert not verdict.faults, (number, verdict)


@pytest.mark.parametrize("name", FEW)
def test_what_is_valid_is_taken(name, tmp_path):
    """A door that refused everything would find no fault."""
    door = all_doors(with_database=False)[name]
    for sample in door.samples():
        packed = sample if name not in ("patches: ZIP", "backup") else None
        if packed is not None:
            verdict = judging.judge(door, packed, tmp_path / "home")
            assert (verdict.kind, verdict.faults) == (judging.TAKEN, ()), verdict


class TestTheFuzzerItself:
    """It has to notice what it is there for."""

    def judged(self, tmp_path, enter):
        door = Door("mine", 1, lambda: [{"a.csv": b"x"}], enter)
        return judging.judge(door, {"a.csv": b"x"}, tmp_path / "home").faults

    def test_an_error_that_nobody_thought_of(self, tmp_path):
        assert "ZeroDivisionError" in self.judged(tmp_path, lambda folder, data: 1 / 0)[0]

    def test_a_path_or_a_name_in_a_sentence(self, tmp_path):
        def enter(folder, data):
            raise judging.InputError(f"{folder} is damaged, Zweigelt.")

        faults = self.judged(tmp_path, enter)
        assert [fault.split(" ")[1] for fault in faults] == ["path", "name"]

    def test_a_file_that_is_left(self, tmp_path):
        def enter(folder, data):
            (data / "left").write_text("x")
            raise judging.InputError("It is damaged.")

        assert self.judged(tmp_path, enter) == ("left in the data folder: left",)

    def test_a_crash_and_an_input_that_never_ends(self, monkeypatch):
        class Dead:
            returncode = -11

        watch = running._Watch.__new__(running._Watch)
        watch.process, watch.why = Dead(), ""
        assert watch.end_words() == "crashed by SIGSEGV"
        watch.why = "never ends"
        assert watch.end_words() == "never ends"
