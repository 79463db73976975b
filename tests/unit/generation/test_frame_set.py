import json

import numpy as np
import pytest

from generation.core import frame_set_json
from generation.core.errors import InputError
from generation.core.frame_set import MAX_PIXELS, PAPER, FrameSet, Subtraction
from generation.core.frames import subtraction

THREE = {"names": ["ADC", "T2", "DWI"], "height": 96, "width": 80}
SERIES = {
    "names": ["pre", "post_1", "wash"],
    "height": 32,
    "width": 32,
    "windows": ["T1", "T1", "wash"],
    "dynamic": ["pre", "post_1"],
    "seconds": [0, 90],
    "subtractions": [["wash", "post_1", "pre"]],
    "rows": [["pre", "post_1"], ["wash"]],
}


class TestPaper:
    def test_it_is_that_of_haarburger_2019(self):
        assert PAPER.is_paper
        assert PAPER.shape == (7, 64, 64)
        assert PAPER.n_bytes == 57_344
        assert (
            PAPER.words
            == "7 frames of 64 x 64 pixels (T2, T1_pre, T1_post1, T1_post2, T1_post3, T1_post4, Sub)"
        )
        assert (PAPER.limits[0], PAPER.limits[6]) == ((0, 1023), (-1023, 1023))
        assert set(PAPER.windows) == {"T1", "T2", "Sub"}

    def test_its_subtraction_is_the_first_one(self):
        patches = np.random.default_rng(1).integers(0, 1024, (2, 7, 64, 64)).astype(np.int16)
        found = PAPER.subtracted(patches)
        assert np.array_equal(found[:, 6], subtraction(patches))
        assert np.array_equal(found[:, :6], patches[:, :6])


class TestJson:
    @pytest.mark.parametrize("given", [THREE, SERIES, PAPER.to_json()], ids=["three", "series", "paper"])
    def test_it_is_read_as_it_was_written(self, given):
        frame_set = frame_set_json.read(given)
        assert frame_set_json.read(json.loads(json.dumps(frame_set.to_json()))) == frame_set

    def test_what_is_left_out_is_filled_in(self):
        frame_set = frame_set_json.read(THREE)
        assert frame_set.limits == ((0, 1023),) * 3
        assert frame_set.windows == ("ADC", "T2", "DWI")
        assert frame_set.words == "3 frames of 96 rows x 80 columns (ADC, T2, DWI)"
        assert not frame_set.is_paper

    def test_short_rows_leave_places_free(self):
        assert frame_set_json.read(SERIES).rows == (("pre", "post_1"), ("wash", ""))

    @pytest.mark.parametrize(
        ("changes", "field", "sentence"),
        [
            ({"names": []}, "names", "A patch has 0 frames; give it 1 to 64."),
            ({"names": ["a", "A", "b"]}, "names", 'Two frames have the name "a"'),
            ({"names": ["é", "b", "c"]}, "names", 'The frame "é" has a name that cannot be used'),
            ({"names": ["<b>", "b", "c"]}, "names", 'The frame "<b>" has a name that cannot be used'),
            ({"names": ["cine", "b", "c"]}, "names", 'No frame can have the name "cine"'),
            ({"names": "abc"}, "names", "names of the frame set is 'abc'; give a list of names."),
            ({"height": 15}, "height", "A frame has 15 x 80 pixels; a side has 16 to 512."),
            ({"width": 513}, "height", "A frame has 96 x 513 pixels; a side has 16 to 512."),
            ({"width": 80.0}, "height", "A frame has 96 x 80.0 pixels; a side has 16 to 512."),
            ({"limits": [[0, 9]]}, "limits", "There are limits for 1 of 3 frames; give each two."),
            ({"limits": [[1, 9]] * 3}, "limits", 'The limits of the frame "ADC" are 1 and 9'),
            ({"limits": [[0, 40_000]] * 3}, "limits", "the upper one from 1 to 32767"),
            ({"limits": [[0]] * 3}, "limits", "limits of the frame set holds [0]; give lists of 2 numbers."),
            ({"windows": ["a"]}, "windows", "There are windows for 1 of 3 frames; give each one."),
            ({"dynamic": ["ADC"]}, "dynamic", "The dynamic series is ADC; name at least two frames"),
            ({"dynamic": ["ADC", "T1"]}, "dynamic", 'There is no frame "T1"; the frames are ADC, T2, DWI.'),
            ({"seconds": [1]}, "seconds", "There are 1 times for 0 dynamic frames"),
            (
                {"dynamic": ["ADC", "T2"], "seconds": [9, 3]},
                "seconds",
                "The times of the dynamic frames are 9, 3 s; they rise",
            ),
            ({"subtractions": [["ADC", "T2", "T2"]]}, "subtractions", '"ADC" cannot be T2 - T2'),
            (
                {"subtractions": [["ADC", "T2", "DWI"]], "limits": [[0, 9]] * 3},
                "limits",
                'The frame "ADC" is a subtraction, but its lowest value is 0',
            ),
            ({"rows": [["ADC", "T2"]]}, "rows", "The layout does not show DWI exactly once"),
            (
                {"rows": [["ADC", "T2", "DWI", "", "", "", ""]]},
                "rows",
                "The layout has 7 places for 3 frames",
            ),
            ({"rows": [["ADC", "T2", "DWI"], [""]]}, "rows", "The layout has an empty row; leave it out."),
            ({"colour": 1}, "", "The frame set has missing or unknown parts (colour)"),
        ],
    )
    def test_each_fault_has_its_sentence(self, changes, field, sentence):
        with pytest.raises(InputError) as refused:
            frame_set_json.read(THREE | changes)
        assert sentence in str(refused.value)
        assert refused.value.field == field

    def test_a_patch_has_at_most_8_mib(self):
        names = tuple(f"f{i}" for i in range(16))
        assert FrameSet(names, 512, 512).n_bytes == 2 * MAX_PIXELS == 8 * 2**20
        with pytest.raises(
            InputError, match=r"17 frames of 512 x 512 have 4,456,448 pixels; a patch has at most 4,194,304"
        ):
            FrameSet((*names, "one_more"), 512, 512)


class TestFile:
    def test_it_is_read(self, tmp_path):
        (tmp_path / "frames.json").write_text(json.dumps(SERIES))
        assert frame_set_json.read_file(tmp_path / "frames.json") == frame_set_json.read(SERIES)

    def test_faults_name_the_file(self, tmp_path):
        path = tmp_path / "frames.json"
        with pytest.raises(InputError, match=r"frames\.json cannot be read as JSON"):
            frame_set_json.read_file(path)
        path.write_text(json.dumps(THREE | {"height": 4}))
        with pytest.raises(InputError, match=r"frames\.json: A frame has 4 x 80 pixels"):
            frame_set_json.read_file(path)


class TestDifference:
    def test_it_names_what_differs(self):
        one = frame_set_json.read(THREE)
        wide = frame_set_json.read(THREE | {"width": 96})
        dark = frame_set_json.read(THREE | {"limits": [[0, 255]] * 3, "rows": [["ADC"], ["T2"], ["DWI"]]})
        assert one.difference_words(wide) == (
            "their frames, 3 frames of 96 rows x 80 columns (ADC, T2, DWI) against "
            "3 frames of 96 x 96 pixels (ADC, T2, DWI)"
        )
        assert one.difference_words(dark) == "the limits of values and the layout"
        assert one.difference_words(one) == ""


class TestSubtracted:
    def test_it_stays_within_its_limits(self):
        frame_set = FrameSet(
            ("a", "b", "d"),
            16,
            16,
            limits=((0, 99), (0, 99), (-10, 10)),
            subtractions=(Subtraction("d", "a", "b"),),
        )
        patch = np.zeros((3, 16, 16), np.int16)
        patch[0, 0, :3], patch[1, 0, 3] = (5, 50, 7), 60
        assert frame_set.subtracted(patch)[2, 0, :5].tolist() == [5, 10, 7, -10, 0]
        assert patch[2].max() == 0
