"""The audit log as CSV: no formula, no identity."""

import csv
from datetime import UTC, datetime

import pytest

from generation.core.errors import InputError
from readerstudy.core.audit_csv import COLUMNS, AuditRow, write_rows
from readerstudy.core.reasons import parse_reason
from readerstudy.core.unblinding import EarlyUnblinding

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def row(actor="ada", sentence="did it", data=None):
    return AuditRow(AT, actor, "owner", "study.closed", sentence, data or {})


def cells(*rows, identities=()):
    return list(csv.reader(write_rows(rows, identities)))


def test_columns_and_values():
    header, line = cells(row(data={"n": 2}))
    assert tuple(header) == COLUMNS
    assert line == ["2026-03-02T09:00:00+00:00", "ada", "owner", "study.closed", "did it", '{"n": 2}']


@pytest.mark.parametrize("payload", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_are_neutralised(payload):
    _, line = cells(row(actor=payload, sentence=payload))
    assert line[1] == line[4] == f"'{payload}"


def test_names_and_addresses_of_readers_are_taken_out_as_whole_words():
    one = row(sentence="wrote to Rosa Radiologist <rosa@example.org>", data={"to": "ROSA@example.org"})
    _, line = cells(one, identities=["Rosa Radiologist", "rosa@example.org", "A"])
    assert "osa" not in line[4] + line[5]
    assert line[4] == "wrote to [removed] <[removed]>"
    assert cells(row(sentence="Rosannah stays"), identities=["Rosa"])[1][4] == "Rosannah stays"


class TestReasons:
    def test_a_reason_becomes_one_paragraph(self):
        assert parse_reason("  interim\n analysis after 50 % ", of="x") == "interim analysis after 50 %"

    @pytest.mark.parametrize("text", ["", "because", "x" * 1001])
    def test_too_short_or_too_long(self, text):
        with pytest.raises(
            InputError, match=f"The reason for unblinding early has {len(text)} characters; write 20 to 1000"
        ):
            parse_reason(text, of="unblinding early")


def test_the_sentence_of_early_unblinding():
    told = EarlyUnblinding("ada", AT, "Interim analysis.", 5, 7)
    assert told.sentence == (
        "Results were unblinded early by ada on 2026-03-02 09:00 UTC, while readers could still read: 5 responses of the "
        "test had come by then, 7 came after it. Reason: Interim analysis."
    )
