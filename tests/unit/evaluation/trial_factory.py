"""Trial rows for tests."""

from collections.abc import Iterator
from itertools import cycle

from generation.core.labels import LESION_CLASSES
from readerstudy.core.trial_csv import TEST, TrialRow

TABLE_3_COUNTS = {
    ("R01", "radiologist"): {"real": (176, 240), "dcgan": (90, 120), "wgan": (92, 120)},
    ("R02", "layperson"): {"real": (155, 240), "dcgan": (75, 120), "wgan": (84, 120)},
}


def make_row(
    reader: str = "R01",
    *,
    group: str = "radiologist",
    case: str = "c1",
    origin: str = "real",
    tissue: str = "benign",
    phase: str = TEST,
    order: int | None = None,
    answer: str = "real",
) -> TrialRow:
    return TrialRow(reader, group, case, origin, tissue, phase, order, answer, None, None)


def make_table_3_rows() -> Iterator[TrialRow]:
    """One trial per judgement of Haarburger 2019, Table 3; the classes take turns."""
    for (reader, group), origins in TABLE_3_COUNTS.items():
        for origin, (n_correct, n) in origins.items():
            right = "real" if origin == "real" else "fake"
            wrong = "fake" if origin == "real" else "real"
            for i, lesion_class in zip(range(n), cycle(LESION_CLASSES), strict=False):
                yield make_row(
                    reader,
                    group=group,
                    case=f"{origin}-{i}",
                    origin=origin,
                    tissue=lesion_class.value,
                    order=i + 1,
                    answer=right if i < n_correct else wrong,
                )
