"""From boxes, points and tables to an instance mask, and what cannot be placed."""

import numpy as np
import pytest

from generation.core import lesion_sources, lesion_table, volumes
from generation.core.errors import InputError
from generation.core.labels import LesionClass
from generation.core.lesion_table import LesionRow
from tests.scans import make_anatomy, make_frames, to_image

FRAMES = make_frames()
IMAGES = {name: to_image(FRAMES[name]) for name in ("T1_pre", "T1_post1")}
MASK = make_anatomy()[1]


def placed(*rows, images=IMAGES):
    found = lesion_sources.from_rows(rows, images, slice_of=lambda n: n - 1 if 1 <= n <= 10 else None)
    return found, volumes.voxels(found.mask).copy()


def box_of(mask, margin=1):
    """First and last slice, row and column, counted from 1."""
    return tuple(
        int(edge)
        for axis in np.nonzero(mask)
        for edge in (max(axis.min() + 1 - margin, 1), axis.max() + 1 + margin)
    )


def dice(one, other):
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


class TestPlaces:
    @pytest.mark.parametrize("number", [1, 2])
    def test_box_holds_what_enhances(self, number):
        found, mask = placed(LesionRow("", LesionClass.BENIGN, box=box_of(number == MASK)))
        assert dice(mask == 1, number == MASK) > 0.9
        assert found.origins == {1: "box"}

    def test_box_in_which_nothing_enhances_is_its_ellipsoid(self):
        """Ellipsoid inscribed in a box: pi / 6 of its volume, here of 6 x 20 x 20 voxels within 10 %."""
        flat = {"T1_pre": IMAGES["T1_pre"], "T1_post1": IMAGES["T1_pre"]}
        found, mask = placed(LesionRow("", LesionClass.BENIGN, box=(3, 8, 30, 49, 30, 49)), images=flat)
        assert np.count_nonzero(mask) == pytest.approx(np.pi / 6 * 6 * 20 * 20, rel=0.1)
        assert "nothing enhances: the ellipsoid" in found.told[0]

    def test_point_by_indices_and_by_millimetres_agree(self):
        centre = [round(axis.mean()) for axis in np.nonzero(MASK == 2)]
        point_mm = IMAGES["T1_pre"].TransformIndexToPhysicalPoint(centre[::-1])
        _, by_index = placed(LesionRow("", LesionClass.MALIGNANT, point=tuple(index + 1 for index in centre)))
        _, by_mm = placed(LesionRow("", LesionClass.MALIGNANT, point_mm=point_mm))
        np.testing.assert_array_equal(by_index, by_mm)
        assert dice(by_index == 1, MASK == 2) > 0.9

    def test_two_lesions_are_numbered_in_the_order_of_rows(self):
        rows = [
            LesionRow("", LesionClass.MALIGNANT, breast="left"),
            LesionRow("", LesionClass.BENIGN, breast="right"),
        ]
        found, mask = placed(*rows)
        assert found.classes == {1: LesionClass.MALIGNANT, 2: LesionClass.BENIGN}
        assert found.origins == {1: "automatic", 2: "automatic"}
        # The patient's left lies at higher columns.
        assert np.nonzero(mask == 1)[2].mean() > np.nonzero(mask == 2)[2].mean()

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            (LesionRow("", LesionClass.BENIGN, box=(1, 11, 1, 9, 1, 9)), r"a box \(slices 1 to 11, .*leaves the scan of 10 x 80 x 96"),
            (LesionRow("", LesionClass.BENIGN, box=(1, 2, 1, 81, 1, 9)), "leaves the scan"),
            (LesionRow("", LesionClass.BENIGN, point=(0, 5, 5)), "a point lies outside the scan"),
            (LesionRow("", LesionClass.BENIGN, point_mm=(-9.0, 0.0, 0.0)), "a point lies outside the scan"),
        ],
        ids=["slices", "rows", "point", "millimetres"],
    )  # fmt: skip
    def test_outside_is_refused(self, row, message):
        with pytest.raises(InputError, match=message):
            placed(row)

    def test_same_place_twice_is_refused(self):
        row = LesionRow("", LesionClass.BENIGN, box=box_of(MASK == 1))
        with pytest.raises(InputError, match="lesion 2 lies wholly inside another one"):
            placed(row, row)


class TestLabels:
    def test_connected_parts_become_lesions(self):
        found = lesion_sources.from_labels(to_image((MASK > 0).astype(np.uint16)), {1: LesionClass.BENIGN})
        assert len(found.classes) == 2

    def test_value_without_class_is_refused(self):
        with pytest.raises(InputError, match="the mask holds the value 2, which has no lesion class"):
            lesion_sources.from_labels(to_image(MASK.astype(np.uint16)), {1: LesionClass.BENIGN})

    def test_what_is_called_no_findings_is_no_lesion(self):
        """A table may name every value of the mask, healthy tissue and 0 included."""
        classes = {0: LesionClass.NO_FINDINGS, 1: LesionClass.NO_FINDINGS, 2: LesionClass.MALIGNANT}
        found = lesion_sources.from_labels(to_image(MASK.astype(np.uint16)), classes)
        assert found.classes == {1: LesionClass.MALIGNANT}
        np.testing.assert_array_equal(volumes.voxels(found.mask), MASK == 2)

    def test_the_background_is_no_lesion(self):
        with pytest.raises(InputError, match="the value 0 of the mask is healthy tissue; give classes"):
            lesion_sources.from_labels(to_image(MASK.astype(np.uint16)), {0: LesionClass.BENIGN})


class TestTable:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("patient,lesion_class\nZweigelt,odd\n", "line 2: lesion_class is none of benign, malignant and no_findings"),
            ("patient,lesion_class\nZweigelt,\n", "line 2: lesion_class is empty"),
            ("patient,lesion_class,breast\nZweigelt,benign,up\n", "line 2: breast is neither left nor right"),
            ("patient,lesion_class,x_mm,y_mm,z_mm\nZweigelt,benign,1,,3\n", "x_mm, y_mm, z_mm have to be numbers"),
            ("patient,lesion_class,slice,row,column\nZweigelt,benign,1.5,2,3\n", "have to be whole numbers"),
            ("patient,lesion_class,slice,row,column\nZweigelt,benign,nan,2,3\n", "have to be whole numbers"),
            ("patient,lesion_class,x_mm,y_mm,z_mm\nZweigelt,benign,nan,2,3\n", "x_mm, y_mm, z_mm have to be finite numbers"),
            ("ID,Lesion_Left,Lesion_Right\nZweigelt,maybe,No\n", "line 2: lesion_left is none of No, Benign and Malignant"),
            ("Patient ID,Start Row,End Row,Start Column,End Column,Start Slice,End Slice\nZweigelt,9,3,1,2,1,2\n", "line 2: a box ends before it starts"),
        ],
    )  # fmt: skip
    def test_bad_cell_names_the_line_and_no_patient(self, tmp_path, text, message):
        (tmp_path / "lesions.csv").write_text(text)
        with pytest.raises(InputError, match=message) as caught:
            lesion_table.read(tmp_path / "lesions.csv")
        assert "Zweigelt" not in str(caught.value)

    def test_spreadsheet_is_no_csv(self, tmp_path):
        (tmp_path / "Annotation_Boxes.csv").write_bytes(b"PK\x03\x04\xff\xfe")
        with pytest.raises(InputError, match=r"Annotation_Boxes\.csv cannot be read as CSV in UTF-8"):
            lesion_table.read(tmp_path / "Annotation_Boxes.csv")

    def test_semicolons_and_marks_of_spreadsheets_are_read(self, tmp_path):
        (tmp_path / "lesions.csv").write_bytes("\ufeffpatient;lesion_class;breast\nA1;Benign;L\n".encode())
        (row,) = lesion_table.read(tmp_path / "lesions.csv")
        assert row == LesionRow("A1", LesionClass.BENIGN, breast="left")
