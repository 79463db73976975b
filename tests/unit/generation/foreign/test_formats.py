"""Every format and layout gives the same patches; everything that is wrong is one sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generation.core.errors import InputError
from generation.core.foreign import copying, files, found, proposal, survey
from generation.core.foreign.findings import Survey
from generation.core.foreign.mapping import Scale
from tests.unit.generation.foreign import written
from tests.unit.generation.test_patch_set import make_patches

CLASSES = ("benign", "Malignant", "healthy")
PATCHES = make_patches(4)


def write(folder: Path, how=written.npy, patches=PATCHES, n_frames: int = 6) -> Path:
    """Patches in turn in a sub-folder of each class."""
    for number, patch in enumerate(patches):
        home = folder / CLASSES[number % len(CLASSES)]
        home.mkdir(parents=True, exist_ok=True)
        how(patch[:n_frames], home / f"s{number}")
    return folder


def look(folder: Path, **options: str) -> Survey:
    return survey.look(found.find(files.of_folder(folder), **options))[0]


def faults(folder: Path) -> str:
    return " | ".join(look(folder).faults)


class TestFormats:
    @pytest.mark.parametrize("how", written.ALL)
    def test_same_patches(self, how, tmp_path):
        found_here = found.find(files.of_folder(write(tmp_path / "in", how)))
        seen, previews = survey.look(found_here)
        assert (seen.n_patches, seen.n_frames, seen.height, seen.width, seen.faults) == (4, 6, 64, 64, ())
        assert (seen.words, seen.origin) == ({"Malignant": 1, "benign": 2, "healthy": 1}, "sub-folders")
        assert len(previews) == 4
        mapping = proposal.propose(seen)
        assert (mapping.scale, mapping.frame_set.is_paper) == (Scale.AS_IS, True)
        stored = copying.copy(found_here, mapping, tmp_path / "out", source="other")
        by_class = [PATCHES[0], PATCHES[3], PATCHES[2], PATCHES[1]]  # folders: benign, healthy, Malignant
        np.testing.assert_array_equal(stored.patches, by_class)
        assert [row.lesion_class.value for row in stored.rows] == [
            "benign",
            "benign",
            "no_findings",
            "malignant",
        ]

    def test_frames_last(self, tmp_path):
        np.save(tmp_path / "all.npy", np.moveaxis(PATCHES, 1, -1))
        seen = look(tmp_path)
        assert (seen.n_patches, seen.n_frames, seen.height) == (4, 7, 64)

    def test_single_frames_by_class(self, tmp_path):
        for name in ("benign", "malignant"):
            (tmp_path / name).mkdir()
            for number in range(3):
                Image.fromarray(PATCHES[number, 0].astype(np.uint16)).save(tmp_path / name / f"{number}.png")
        seen = look(tmp_path)
        assert (seen.n_patches, seen.n_frames, seen.words) == (6, 1, {"benign": 3, "malignant": 3})

    def test_frames_in_numeric_order(self, tmp_path):
        folder = tmp_path / "p1"
        folder.mkdir()
        for number in range(12):
            np.save(folder / f"f{number}.npy", np.full((16, 16), number))
        patch = survey.read_patch(found.find(files.of_folder(tmp_path)), 0)
        assert patch[:, 0, 0].tolist() == list(range(12))

    def test_slope_and_intercept(self, tmp_path):
        written.dicom(PATCHES[0], tmp_path / "a", RescaleSlope="2", RescaleIntercept="-10")
        patch = survey.read_patch(found.find(files.of_folder(tmp_path)), 0)
        np.testing.assert_array_equal(patch, PATCHES[0].astype(int) * 2 - 10)


class TestClasses:
    def flat(self, folder: Path, names: list[str]) -> Path:
        folder.mkdir()
        for name, patch in zip(names, PATCHES, strict=False):
            np.save(folder / f"{name}.npy", patch)
        return folder

    def test_table(self, tmp_path):
        folder = self.flat(tmp_path / "a", ["x", "y"])
        (folder / "index.csv").write_text("file,lesion_class,patient\ny.npy,M,P2\nx,B,P1\n")
        patches = found.find(files.of_folder(folder)).patches
        assert [(one.word, one.patient) for one in patches] == [("B", "P1"), ("M", "P2")]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("file,lesion_class\nx.npy,B\n", "1 rows for 2 patches, and 1 patches have none"),
            ("file,class\nx.npy,B\n", "no column lesion_class"),
            ("file,lesion_class\nx.npy,\ny.npy,B\n", "line 2: there is no lesion_class"),
            ("lesion_class\nB\nB\n", "a row without a file"),
            (
                "file,lesion_class,slice\nx,B,top\ny,B,1\n",
                "line 2: lesion_id, slice, row, col are whole numbers",
            ),
        ],
    )
    def test_table_that_does_not_fit(self, tmp_path, text, message):
        folder = self.flat(tmp_path / "a", ["x", "y"])
        (folder / "index.csv").write_text(text)
        with pytest.raises(InputError, match=message):
            look(folder)

    def test_words_in_names(self, tmp_path):
        seen = look(self.flat(tmp_path / "a", ["benign_01", "no_findings-2", "MALIGNANT3"]))
        assert (seen.words, seen.origin) == ({"benign": 1, "malignant": 1, "no_findings": 1}, "file names")

    def test_pattern(self, tmp_path):
        folder = self.flat(tmp_path / "a", ["P1_tu_07", "P1_no_08", "P2_tu_09"])
        seen = look(folder, pattern="{patient}_{class}_*")
        assert (seen.words, seen.n_patients) == ({"no": 1, "tu": 2}, 2)
        with pytest.raises(InputError, match=r"The name of patch 1 .* does not fit the pattern"):
            look(folder, pattern="{class}-{patient}")
        with pytest.raises(InputError, match="cannot be used; write"):
            look(folder, pattern="*")

    def test_sub_folders_that_are_no_classes(self, tmp_path):
        for number in range(13):
            self.flat(tmp_path / f"case {number}", ["x"])
        with pytest.raises(InputError, match="sub-folders give 13 different words"):
            look(tmp_path)

    def test_none(self, tmp_path):
        assert look(self.flat(tmp_path / "a", ["x"])).words == {"": 1}


class TestFaults:
    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("s.nii.gz", b"\x1f\x8b\x08\x00broken", "the NIfTI cannot be read"),
            ("s.nii", bytes(400), "the NIfTI is no NIfTI file"),
            ("s.dcm", bytes(128) + b"DICMbroken", "the pixels of the DICOM file are truncated"),
            ("s.tif", b"II*\0broken", "the TIFF is damaged"),
            ("s.png", b"\x89PNG\r\n\x1a\nbroken", "the PNG is damaged"),
            ("s.png", b"GIF89a", "the file is named like PNG but is none"),
        ],
    )
    def test_damaged(self, tmp_path, name, content, message):
        (tmp_path / "benign").mkdir()
        (tmp_path / "benign" / name).write_bytes(content)
        assert f"Patch 1 of 1 in the order of names: {message}" in faults(tmp_path)

    def test_damaged_array(self, tmp_path):
        (tmp_path / "all.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '<i2', ")
        with pytest.raises(InputError, match=r"The first file cannot be used: the .npy is damaged"):
            look(tmp_path)

    def test_truncated(self, tmp_path):
        for how in (written.npy, written.dicom, written.nifti_in_time, written.tiff):
            folder = write(tmp_path / how.__name__, how)
            path = next(path for path in (folder / "benign").iterdir())
            path.write_bytes(path.read_bytes()[:-3000])
            assert look(folder).n_faults == 1, how

    @pytest.mark.parametrize(
        ("patch", "message"),
        [
            (PATCHES[0, :, :32], "has 7 frames of 32 x 64 pixels, the first one 7 frames of 64 x 64"),
            (PATCHES[0, :3], "has 3 frames of 64 x 64 pixels"),
            (np.where(np.arange(7)[:, None, None] == 2, np.nan, PATCHES[0]), "4096 pixels are NaN"),
            (PATCHES[0].astype(object), "Python objects"),
            (PATCHES, "holds several patches"),
            (PATCHES[0].astype(complex), "no plain numbers"),
        ],
    )
    def test_one_odd_patch(self, tmp_path, patch, message):
        folder = write(tmp_path, n_frames=7)
        np.save(folder / "healthy" / "z.npy", patch)
        seen = look(folder)
        assert seen.n_faults == 1
        assert message in seen.faults[0]
        assert seen.faults[0].startswith("Patch 4 of 5 in the order of names")

    def test_missing_frame(self, tmp_path):
        folder = write(tmp_path, written.png_per_frame)
        (folder / "benign" / "s3" / "T2.png").unlink()
        assert "has 5 frames of 64 x 64 pixels, the first one 6 frames" in faults(folder)

    def test_too_large_or_small(self, tmp_path):
        for side, message in ((8, "8 x 8"), (600, "600 x 600")):
            np.save(tmp_path / "benign.npy", np.zeros((2, side, side)))
            assert f"have 2 frames of {message} pixels" in faults(tmp_path)

    def test_several_formats(self, tmp_path):
        write(tmp_path)
        written.tiff(PATCHES[0], tmp_path / "benign" / "t")
        with pytest.raises(InputError, match="There are 4 NumPy files and 1 TIFF files"):
            look(tmp_path)

    @pytest.mark.parametrize(
        ("name", "message"), [("a.jpg", "lossy"), ("a.npz", "numpy.save"), ("a.txt", "No patches were found")]
    )
    def test_nothing_to_read(self, tmp_path, name, message):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(InputError, match=message):
            look(tmp_path)

    def test_colour(self, tmp_path):
        Image.new("RGB", (64, 64)).save(tmp_path / "benign_1.png")
        assert "is in colour" in faults(tmp_path)

    def test_screenshot_is_warned_of(self, tmp_path):
        picture = np.zeros((64, 64), dtype=np.uint8)
        picture[20:, 30:] = np.arange(34)
        Image.fromarray(picture).save(tmp_path / "benign_1.png")
        warnings = " ".join(look(tmp_path).warnings)
        assert "1 patches have 8 bits" in warnings
        assert "as screenshots are" in warnings

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"BurnedInAnnotation": "YES"}, "text is burned into its pixels"),
            ({"PhotometricInterpretation": "MONOCHROME1"}, "stored inverted"),
            ({"NumberOfFrames": 999}, "has 999 frames"),
        ],
    )
    def test_dicom(self, tmp_path, changes, message):
        written.dicom(PATCHES[0], tmp_path / "benign_1", **changes)
        assert message in faults(tmp_path)

    def test_patients_name_in_a_folder(self, tmp_path):
        for name in ("Erika benign", "malignant"):
            (tmp_path / name).mkdir()
            written.dicom(PATCHES[0], tmp_path / name / "a")
        seen = look(tmp_path)
        assert "a word of a patient's name" in seen.faults[0]
        assert "Erika" not in str(seen.as_dict())
