"""What became of every reader and trial."""

from evaluation.core.participant_flow import ParticipantFlow, flow
from evaluation.core.readings import collect
from readerstudy.core.trial_csv import WARM_UP
from tests.unit.evaluation.reading_factory import make_trial


def example() -> ParticipantFlow:
    return flow(
        collect(
            [
                make_trial("R01", "w1", phase=WARM_UP),
                make_trial("R01", "w2", phase=WARM_UP),
                make_trial("R01", "a", order=1, rt_ms=900, group="expert"),
                make_trial("R01", "b", order=2, rt_ms=100),
                make_trial("R01", "c", order=3, answer="", is_timeout="1"),
                make_trial("R01", "d", order=4, answer="", is_timeout="0"),
                make_trial("R01", "x", "dcgan", "fake", order=5, role="check"),
                make_trial("R01", "y", "dcgan", "real", order=6, role="check"),
                make_trial("R01", "z", "dcgan", "", order=7, role="check"),
                make_trial("R01", "a", order=8, role="repeat"),
                make_trial("R02", "a", order=1),
                make_trial("R10", "w1", phase=WARM_UP),
            ]
        )
    )


class TestFlow:
    def test_every_trial_of_a_reader_is_somewhere(self) -> None:
        one = example().readers[0]
        assert (one.reader, one.group, one.n_warm_up, one.n_shown) == ("R01", "expert", 2, 8)
        assert (one.n_checks, one.n_checks_failed, one.n_repeats) == (3, 2, 1)
        assert (one.n_first, one.n_analysed, one.n_timeouts, one.n_skipped) == (4, 2, 1, 1)
        assert one.n_times_left_out == 1
        assert one.n_shown == one.n_checks + one.n_repeats + one.n_first
        assert one.n_first == one.n_analysed + one.n_timeouts + one.n_skipped

    def test_cases_that_a_reader_never_saw(self) -> None:
        found = example()
        assert found.n_cases == 4
        assert [one.n_not_shown for one in found.readers] == [0, 3, 4]

    def test_a_reader_who_left_during_the_warm_up_is_listed(self) -> None:
        found = example()
        last = found.readers[-1]
        assert (last.reader, last.n_warm_up, last.n_shown) == ("R10", 1, 0)
        assert (found.n_started, found.n_tested, found.n_complete) == (3, 2, 0)

    def test_complete_readers_answered_every_case(self) -> None:
        rows = [make_trial("R01", "a"), make_trial("R01", "b"), make_trial("R02", "a")]
        assert flow(collect(rows)).n_complete == 1

    def test_nobody(self) -> None:
        found = flow(collect([]))
        assert (found.readers, found.n_cases, found.n_complete) == ((), 0, 0)
