"""The reader CSV, read back with the standard library."""

import csv
from datetime import UTC, datetime

from readerstudy.core.display_check import AmbientLight, DisplayCheck
from readerstudy.core.reader_csv import DISPLAY_COLUMNS, ReaderRow, write_rows

CHECK = DisplayCheck(
    True, False, 11, 10, AmbientLight.DAYLIGHT, 1440, 900, 1920, 1080, 1.25, 24, "2026-03-02T09:00:00+00:00"
)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def read_back(rows, labels=("Role", "Years")):
    return list(csv.DictReader(write_rows(rows, labels)))


def test_one_row_per_reader_with_answers_and_the_latest_check():
    rows = [
        ReaderRow("R01", "radiologist", NOW, NOW, {"Role": "Radiologist", "Years": 12}, [CHECK, CHECK]),
        ReaderRow("R02", "layperson", None, None, {}, []),
    ]
    first, second = read_back(rows)
    assert first["reader"] == "R01"
    assert first["consented_at"] == "2026-03-02T09:00:00+00:00"
    assert (first["expertise: Role"], first["expertise: Years"]) == ("Radiologist", "12")
    assert first["n_display_checks"] == "2"
    assert first["display_is_passed"] == "false"
    assert first["display_reasons"] == "bright_patch ramp daylight"
    assert (first["display_is_dark_patch_seen"], first["display_ambient_light"]) == ("true", "daylight")
    assert first["display_device_pixel_ratio"] == "1.25"
    assert second["n_display_checks"] == "0"
    assert {second[f"display_{name}"] for name in DISPLAY_COLUMNS} | {second["expertise: Years"]} == {""}


def test_nothing_runs_in_a_spreadsheet():
    (row,) = read_back([ReaderRow("R01", "=1+1", None, None, {"Role": "@SUM(A1)", "Years": -1}, [])])
    assert (row["group"], row["expertise: Role"], row["expertise: Years"]) == ("'=1+1", "'@SUM(A1)", "'-1")


def test_header_alone_for_a_study_without_readers():
    (header,) = write_rows([], ["=cmd()"])
    assert header.startswith(
        "reader,group,consented_at,instructions_left_at,withdrawn_at,expertise: =cmd(),n_display_checks,display_"
    )
    assert header.endswith("\r\n")
