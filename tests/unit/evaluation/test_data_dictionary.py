"""The data dictionary is made from the code that writes the files."""

import csv
from pathlib import Path

from evaluation.core import column_words, data_dictionary, table2, table2_words

PAGE = Path(__file__).parents[3] / "docs" / "data-dictionary.md"


def test_the_page_is_what_the_command_prints():
    assert PAGE.read_text(encoding="utf-8") == data_dictionary.to_markdown(), "run manage.py data_dictionary"


def test_no_word_is_left_of_a_column_that_is_gone():
    names = {file.name.split(".")[0]: {one.name for one in file.columns} for file in data_dictionary.files()}
    for key, words in column_words.HOLDS.items():
        assert set(words) == names[key]
    assert set(table2_words.HOLDS) == set(table2.COLUMNS)


def test_the_csv_has_a_row_for_each_column():
    rows = list(csv.DictReader(data_dictionary.csv_lines()))
    assert len(rows) == sum(len(file.columns) for file in data_dictionary.files())
    assert {row["file"] for row in rows} == {file.name for file in data_dictionary.files()}
    assert all(row["holds"] for row in rows)
