from datetime import UTC, datetime, timedelta

import pytest

from readerstudy.core import refresher
from readerstudy.core.conduct import Conduct
from readerstudy.core.protocol import Protocol
from readerstudy.core.randomization import rank

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def protocol(**conduct) -> Protocol:
    quotas = {"real": {"benign": 3}, "dcgan": {"benign": 3}}
    return Protocol(test=quotas, warm_up=quotas, seed=1, conduct=Conduct(**conduct))


class TestIsDue:
    @pytest.mark.parametrize(
        ("days", "pause", "is_due"),
        [
            (0, timedelta(days=300), False),
            (3, timedelta(days=3, seconds=-1), False),
            (3, timedelta(days=3), True),
        ],
    )
    def test_after_whole_days(self, days, pause, is_due):
        rules = protocol(refresher_after_days=days)
        assert refresher.is_due(rules, seen_at=NOW - pause, now=NOW) is is_due


class TestChoose:
    def test_takes_the_lowest_ranks_in_their_order(self):
        ids = [f"c{i}" for i in range(9)]
        ranked = sorted((rank(4, f"refresher:2:{case_id}"), case_id) for case_id in ids)
        assert refresher.choose(4, ids, number=2, n=3) == [case_id for _, case_id in ranked[:3]]

    def test_the_next_refresher_is_another(self):
        ids = [f"c{i}" for i in range(40)]
        assert refresher.choose(4, ids, number=1, n=6) != refresher.choose(4, ids, number=2, n=6)


class TestPlace:
    def test_each_refresher_counts_from_1(self):
        rules = protocol(n_refresher=4)
        assert [refresher.place(position, rules) for position in range(7, 15)] == [1, 2, 3, 4, 1, 2, 3, 4]

    def test_is_at_most_the_whole_warm_up(self):
        assert refresher.n_panels(protocol(n_refresher=50)) == 6
