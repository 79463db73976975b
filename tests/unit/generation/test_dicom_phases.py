"""Phases in the habits of vendors: which tag tells them apart, and when none may."""

import shutil

import numpy as np
import pytest

from generation.core import layouts, volumes
from generation.core.errors import InputError
from generation.core.frames import DYNAMIC, SCANNED_FRAMES
from generation.core.import_options import ImportOptions, PhaseRule
from tests import dicom_scans as scans

KEY = b"a secret of this test"


def read(folder, **options):
    chosen = ImportOptions(key=KEY, **options)
    (patient,) = layouts.find(folder, chosen).patients
    return patient.read(chosen)


def siemens(folder):
    return scans.write_phases(folder)


def siemens_over_midnight(folder):
    return scans.write_phases(folder, start=86_400 - 100)


def siemens_times_of_slices(folder):
    """2D multislice: AcquisitionTime changes from slice to slice inside a phase."""
    for phase in range(5):
        scans.write_series(
            folder / f"s{phase}", 10 + phase, scans.volume(phase), edit=lambda ds, index, phase=phase: setattr(ds, "AcquisitionTime", scans._tm(scans.START + 70 * phase + 9 * (index % 2) + index))
        )  # fmt: skip
    return folder


def ge_trigger(folder):
    return scans.write_one_series(
        folder, lambda p: {"Manufacturer": "GE MEDICAL SYSTEMS", "TriggerTime": 70_000.0 * p, "AcquisitionTime": "100000"}
    )  # fmt: skip


def ge_series_per_phase(folder):
    """GE: the series before contrast is 600, the phases 601 to 604, and content time is that of acquisition."""
    for phase in range(5):
        tags = {"Manufacturer": "GE MEDICAL SYSTEMS", "ContentTime": scans._tm(scans.START + 70 * phase), "AcquisitionTime": "100000"}  # fmt: skip
        scans.write_series(folder / f"{600 + phase}", 600 + phase, scans.volume(phase), tags=tags)
    return folder


def ispy_one_series(folder):
    """All phases in one series; content time also changes inside a phase, by a second per slice."""
    return scans.write_one_series(
        folder, lambda p: {}, edit=lambda ds, index: setattr(ds, "ContentTime", scans._tm(scans.START + 70 * ((ds.InstanceNumber - 1) // scans.N_SLICES) + index * 0.6))
    )  # fmt: skip


def philips(folder):
    return scans.write_one_series(
        folder,
        lambda p: {"Manufacturer": "Philips", "TemporalPositionIdentifier": p + 1, "NumberOfTemporalPositions": 5, "TemporalResolution": 70_000.0, "AcquisitionTime": "100000", "ContentTime": "100000"},
    )  # fmt: skip


def philips_enhanced(folder):
    scans.write_enhanced(folder / "dyn" / "1.dcm")
    return folder


def bruker(folder):
    return scans.write_one_series(
        folder, lambda p: {"Manufacturer": "Bruker BioSpin", "AcquisitionNumber": p + 1, "AcquisitionTime": "100000"}
    )  # fmt: skip


def pre_then_posts(folder):
    """A series before contrast and one with all posts, whose temporal positions begin at 1 again."""
    scans.write_series(folder / "pre", 5, scans.volume(0), tags={"AcquisitionTime": "100000", "TemporalPositionIdentifier": 1})  # fmt: skip
    return scans.write_one_series(
        folder, lambda p: {"AcquisitionTime": scans._tm(scans.START + 70 * (p + 1)), "TemporalPositionIdentifier": p + 1}, 4, first=1
    )  # fmt: skip


def times_blank(folder):
    return scans.write_phases(folder, tags={"AcquisitionTime": "", "ContentTime": ""})


def instance_blocks(folder):
    return scans.write_one_series(folder, lambda p: {})


def pre_stored_backwards(folder):
    """Duke: the series before contrast runs from the other end."""
    scans.write_phases(folder)
    for path in (folder / "s0").iterdir():
        path.unlink()

    def turn(ds, index):
        ds.ImagePositionPatient = [-110, -95, -15 + scans.SLICE_MM * (scans.N_SLICES - 1 - index)]

    scans.write_series(
        folder / "s0", 10, scans.volume(0)[::-1], tags={"AcquisitionTime": "100000"}, edit=turn
    )
    return folder


STEPS = (0.0, 70.0, 140.0, 210.0, 280.0)
HABITS = [
    (siemens, "acquisition-time", STEPS),
    (siemens_over_midnight, "acquisition-time", STEPS),
    (siemens_times_of_slices, "acquisition-time", STEPS),
    (ge_trigger, "trigger-time", STEPS),
    (ge_series_per_phase, "content-time", STEPS),
    (ispy_one_series, "content-time", STEPS),
    (philips, "temporal-position", STEPS),
    (philips_enhanced, "temporal-position", STEPS),
    (bruker, "acquisition-number", None),
    (pre_then_posts, "acquisition-time", STEPS),
    (times_blank, "series-number", None),
    (instance_blocks, "instance-number", None),
    (pre_stored_backwards, "acquisition-time", STEPS),
]


class TestHabits:
    @pytest.mark.parametrize(
        ("write", "rule", "seconds"), HABITS, ids=[habit[0].__name__ for habit in HABITS]
    )
    def test_phases_are_in_the_order_of_acquisition(self, tmp_path, write, rule, seconds):
        scans.write_t2(write(tmp_path / "p") / "t2")
        scan = read(tmp_path / "p")
        assert scan.facts.phase_rule == rule
        assert scan.facts.phase_seconds == (None if seconds is None else pytest.approx(seconds))
        slope = 2 if write is philips_enhanced else 1
        for phase, name in enumerate(SCANNED_FRAMES[DYNAMIC]):
            np.testing.assert_array_equal(volumes.voxels(scan.images[name]), slope * scans.volume(phase))

    @pytest.mark.parametrize("write", [times_blank, instance_blocks])
    def test_last_resort_says_so(self, tmp_path, write):
        scans.write_t2(write(tmp_path / "p") / "t2")
        assert any(
            "was taken as the order of acquisition; check it" in one
            for one in read(tmp_path / "p").facts.found
        )

    def test_reasons_of_rules_that_gave_way_are_told(self, tmp_path):
        scan = read(scans.make_study(tmp_path / "p"))
        told = "\n".join(scan.facts.found)
        assert (
            "Content time (0008,0033) did not tell the phases apart: it spans 12 s and a dynamic series at least 59 s."
            in told
        )
        assert "5 phases were told apart by acquisition time (0008,0032)." in told


class TestChoice:
    def test_posts_nearest_to_seventy_seconds_are_chosen_of_many(self, tmp_path):
        scans.write_t2(scans.write_phases(tmp_path / "p", 9, step=35.0) / "t2")
        assert read(tmp_path / "p").facts.phase_seconds == pytest.approx(STEPS)

    def test_user_may_choose(self, tmp_path):
        scans.write_t2(scans.write_phases(tmp_path / "p", 7) / "t2")
        assert read(tmp_path / "p", phases=(1, 2, 3, 4, 6)).facts.phase_seconds == pytest.approx(
            (0, 70, 140, 210, 350)
        )

    def test_many_without_times_are_refused_with_the_mend(self, tmp_path):
        scans.write_t2(scans.write_one_series(tmp_path / "p", lambda p: {}, 7) / "t2")
        with pytest.raises(
            InputError, match=r"6 post-contrast phases were found, but no times.*name five phases"
        ):
            read(tmp_path / "p")

    def test_three_posts_are_refused_with_the_mend(self, tmp_path):
        scans.write_t2(scans.write_phases(tmp_path / "p", 4) / "t2")
        with pytest.raises(
            InputError,
            match=r"only 3 post-contrast phases were found and 4 are needed .*add the missing series or leave the patient out",
        ):
            read(tmp_path / "p")

    def test_a_phase_of_another_protocol_does_not_count(self, tmp_path):
        scans.write_t2(scans.write_phases(tmp_path / "p") / "t2")
        for path in (tmp_path / "p" / "s4").iterdir():
            scans.edit_file(path, EchoTime=4.6)
        with pytest.raises(InputError, match="only 3 post-contrast"):
            read(tmp_path / "p")


class TestDoubt:
    @pytest.mark.parametrize("n_phases", [3, 5])
    def test_copies_are_no_further_phases(self, tmp_path, n_phases):
        """The scanner's time per phase would date them, and three phases would be six."""
        scans.write_t2(
            scans.write_phases(tmp_path / "p", n_phases, tags={"TemporalResolution": 70_000.0}) / "t2"
        )
        for phase in range(n_phases):
            shutil.copytree(tmp_path / "p" / f"s{phase}", tmp_path / "p" / f"s{phase}-copy")
        with pytest.raises(
            InputError,
            match="images of a slice share a number, so one of them may be there twice: remove copies",
        ):
            read(tmp_path / "p")

    def test_images_without_numbers_have_no_order(self, tmp_path):
        scans.write_t2(
            scans.write_one_series(
                tmp_path / "p", lambda p: {}, edit=lambda ds, i: delattr(ds, "InstanceNumber")
            )
            / "t2"
        )
        with pytest.raises(InputError, match=r"blocks of instance numbers \(0020,0013\) are not given"):
            read(tmp_path / "p")

    def test_two_tags_that_disagree_are_refused(self, tmp_path):
        scans.write_t2(
            scans.write_one_series(tmp_path / "p", lambda p: {"TemporalPositionIdentifier": p + 1, "AcquisitionTime": scans._tm(scans.START - 70 * p)}) / "t2"
        )  # fmt: skip
        with pytest.raises(
            InputError,
            match=r"temporal position .* and acquisition time .* put the phases in different orders; name the rule",
        ):
            read(tmp_path / "p")
        assert (
            read(tmp_path / "p", phase_rule=PhaseRule.TEMPORAL_POSITION).facts.phase_rule
            == "temporal-position"
        )

    def test_two_dynamics_are_refused(self, tmp_path):
        scans.write_t2(scans.write_phases(tmp_path / "p") / "t2")
        for phase in range(5):
            scans.write_series(tmp_path / "p" / f"x{phase}", 40 + phase, scans.volume(phase), tags={"EchoTime": 3.0, "AcquisitionTime": scans._tm(50_000 + phase * 70)})  # fmt: skip
        with pytest.raises(InputError, match=r"there are 2 dynamic acquisitions .*; keep the one to be used"):
            read(tmp_path / "p")

    def test_contrast_that_leaves_is_refused(self, tmp_path):
        for phase in range(5):
            voxels = (scans.volume() * (1.0 - 0.1 * phase)).astype(np.uint16)
            scans.write_series(tmp_path / "p" / f"s{phase}", 10 + phase, voxels, tags={"AcquisitionTime": scans._tm(36_000 + 70 * phase)})  # fmt: skip
        scans.write_t2(tmp_path / "p" / "t2")
        with pytest.raises(InputError, match="every phase after the first is darker"):
            read(tmp_path / "p")

    def test_descriptions_that_contradict_are_refused(self, tmp_path):
        scans.make_study(tmp_path / "p")
        for phase in range(5):
            for path in (tmp_path / "p" / f"s{phase}").iterdir():
                scans.edit_file(path, SeriesDescription=f"Twist TT={300 - 10 * phase}s")
        with pytest.raises(InputError, match="descriptions state the times 300, 290, 280, 270, 260 s"):
            read(tmp_path / "p")

    def test_descriptions_of_one_dynamic_may_differ(self, tmp_path):
        """Duke: "ax dyn pre" beside "ax dyn 1st pass"; only tags decide."""
        scans.make_study(tmp_path / "p")
        for path in (tmp_path / "p" / "s0").iterdir():
            scans.edit_file(path, SeriesDescription="ax t1 fs pre")
        assert read(tmp_path / "p").facts.phase_rule == "acquisition-time"

    def test_contrast_agent_before_contrast_is_doubted(self, tmp_path):
        scans.make_study(tmp_path / "p")
        for path in (tmp_path / "p" / "s0").iterdir():
            scans.edit_file(path, ContrastBolusAgent="Gd")
        assert any("names a contrast agent (0018,0010)" in one for one in read(tmp_path / "p").facts.found)
        for path in (tmp_path / "p").rglob("*.dcm"):
            scans.edit_file(path, ContrastBolusAgent="Gd")
        assert not any("names a contrast agent" in one for one in read(tmp_path / "p").facts.found)
