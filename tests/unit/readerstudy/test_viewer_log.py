import json

import pytest

from readerstudy.core import viewer_log

FULL = {name: allowed.low for name, allowed in viewer_log.FIELDS.items()}


class TestParse:
    def test_keeps_every_known_number(self):
        assert viewer_log.parse(json.dumps(FULL)) == FULL

    def test_a_full_log_of_long_numbers_is_not_too_long(self):
        longest = {name: allowed.high for name, allowed in viewer_log.FIELDS.items()}
        assert viewer_log.parse(json.dumps(longest)) == longest

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "nonsense",
            "[1, 2]",
            "3",
            "null",
            '{"a": ' * 1000,
            '{"truth": 1}',
            " " * 3000 + '{"window": 3}',
        ],
    )
    def test_what_cannot_be_used_is_no_log(self, text):
        assert viewer_log.parse(text) is None

    @pytest.mark.parametrize(
        "value", ['"4"', "true", "null", "[4]", "-1", "1e9", "NaN", "Infinity", "1" * 400]
    )
    def test_a_wrong_value_is_left_out_and_the_rest_kept(self, value):
        text = f'{{"n_resets": {value}, "window": 1150}}'
        assert viewer_log.parse(text) == {"window": 1150}

    def test_unknown_fields_are_left_out(self):
        assert viewer_log.parse('{"window": 900, "name": 5}') == {"window": 900}

    def test_counts_become_whole_and_ratios_stay(self):
        found = viewer_log.parse('{"cine_ms": 1200.7, "device_pixel_ratio": 1.25}')
        assert found == {"cine_ms": 1201, "device_pixel_ratio": 1.25}


class TestColumns:
    def test_are_the_same_with_and_without_a_log(self):
        assert list(viewer_log.columns(None)) == list(viewer_log.columns(FULL))
        assert set(viewer_log.columns(None).values()) == {""}

    def test_write_numbers_in_full(self):
        assert viewer_log.columns({"cine_ms": 12345678})["viewer_cine_ms"] == "12345678"
