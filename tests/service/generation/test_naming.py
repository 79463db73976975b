"""Names become addresses that no page and no other row has."""

from datetime import UTC, datetime

import pytest

from generation.core.errors import InputError
from generation.models import Checkpoint, PatchSet, TrainingRun
from generation.services import generators, naming, patch_sets

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def make(name: str, default: str = "patches") -> PatchSet:
    return patch_sets.create(name, default=default, source="real", now=NOW)


def test_second_row_of_a_name_gets_a_number() -> None:
    assert [make("Aachen").slug for _ in range(3)] == ["aachen", "aachen-2", "aachen-3"]


def test_a_run_named_new_does_not_hide_behind_the_page_that_makes_one() -> None:
    assert naming.numbered_slug(TrainingRun, "New") == "new-2"


def test_long_default_is_shortened_to_its_column() -> None:
    row = make("", default="x" * 300)
    assert len(row.name) == naming.MAX_NAME_LENGTH
    assert len(row.slug) <= 100


@pytest.mark.parametrize("name", ["…", "x" * 101])
def test_unusable_name_is_refused_with_one_sentence(name: str) -> None:
    with pytest.raises(InputError) as caught:
        make(name)
    assert str(caught.value) == (
        f'Patch set name "{name}" cannot be used; write 1 to 100 characters with at least one letter or digit.'
    )


def test_sampling_names_its_patch_set_after_the_checkpoint() -> None:
    row = Checkpoint.objects.create(name="run-500", source="dcgan", step=500, path="c", created_at=NOW)
    sampled = generators.queue_sampling(checkpoint=row, n_per_class={"benign": 1}, seed=7, now=NOW)
    assert (sampled.name, sampled.slug) == ("run-500, seed 7", "run-500-seed-7")
