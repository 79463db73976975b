"""A study says whether its real panels come from patients that a generator was trained on."""

import numpy as np
import pytest
from django.conf import settings
from django.urls import reverse

from generation.core.labels import LESION_CLASSES
from generation.core.patch_set import PatchRow, PatchSetWriter
from generation.models import Checkpoint, Cohort, PatchSet, TrainingRun
from readerstudy.models import Pool
from readerstudy.selectors import familiarity
from readerstudy.selectors.familiarity import APART, OTHER_COHORT, SHARED, UNKNOWN, Familiarity
from readerstudy.services import pools, studies
from tests.factories import ADMIN, NOW, make_patch_set, make_patches, make_pool, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def cohort() -> Cohort:
    return Cohort.objects.create(name="Aachen", slug="aachen", status="finished", created_at=NOW)


def of_cohort(patch_set: PatchSet, cohort: Cohort | None) -> PatchSet:
    patch_set.cohort = cohort
    patch_set.save()
    return patch_set


def generated(trained_on: PatchSet) -> Pool:
    """A pool of DCGAN patches from a training on a patch set."""
    run = TrainingRun.objects.create(
        name="Run",
        slug="run",
        patch_set=trained_on,
        preset="dcgan",
        seed=1,
        status="finished",
        created_at=NOW,
    )
    checkpoint = Checkpoint.objects.create(
        run=run, name="run 1", source="dcgan", step=1, path="x", created_at=NOW
    )
    patch_set = make_patch_set("dcgan")
    patch_set.checkpoint = checkpoint
    patch_set.save()
    return pools.create(name="DCGAN", patch_set=patch_set, by=ADMIN, now=NOW)


def found(real: PatchSet, dcgan: Pool) -> tuple[object, list[Familiarity]]:
    shown = pools.create(name="Real", patch_set=real, by=ADMIN, now=NOW)
    study = make_study("draft", offered=[shown, dcgan, make_pool("wgan")])
    return study, familiarity.of_study(study)


def test_a_generator_trained_on_the_real_pool_itself(study_admin, cohort):
    real = of_cohort(make_patch_set(n_patients=8), cohort)
    study, lines = found(real, generated(real))
    assert lines == [Familiarity("DCGAN", SHARED, 8, 8), Familiarity("WGAN", UNKNOWN)]
    text = study_admin.get(reverse("readerstudy:study", args=[study.slug])).content.decode()
    assert "DCGAN was trained on 8 of the 8 patients of the real pool." in text
    assert (
        "8 of the 8 patients of the real pool had also been used to train DCGAN; real panels are drawn"
        in text
    )
    assert "Whether patients of the real pool had been used to train WGAN is not recorded here." in text


def test_patients_of_one_cohort_are_compared_by_name(cohort):
    # Patients P000 .. P003 in training, P000 .. P007 in the pool.
    trained_on = of_cohort(make_patch_set(n_patients=4), cohort)
    real = of_cohort(make_patch_set(n_patients=8), cohort)
    assert found(real, generated(trained_on))[1][0] == Familiarity("DCGAN", SHARED, 4, 8)


def test_a_training_that_kept_to_its_split_saw_its_training_patients_only(cohort, monkeypatch):
    real = of_cohort(make_patch_set(n_patients=8), cohort)
    dcgan = generated(real)
    TrainingRun.objects.update(config={"use_split": True})
    parts = {f"P{i:03d}": "train" if i < 5 else "validation" for i in range(8)}
    monkeypatch.setattr("generation.selectors.training_runs.is_split", lambda run: True)
    monkeypatch.setattr("generation.selectors.patch_sets.parts_of", lambda patch_set: parts)
    study, lines = found(real, dcgan)
    assert lines[0] == Familiarity("DCGAN", SHARED, 5, 8)
    assert (
        familiarity.supplies(study.pools.all())["real"].avoided.sum() == 15
    )  # 5 of 8 patients, 3 patches each


def test_freezing_draws_reals_of_other_patients_and_says_so(study_admin, cohort):
    trained_on = of_cohort(make_patch_set(n_patients=4), cohort)
    real = of_cohort(make_patch_set(n_patients=8), cohort)
    study, _ = found(real, generated(trained_on))
    study = studies.freeze(study=study, by=ADMIN, now=NOW)
    assert familiarity.of_study(study)[0] == Familiarity("DCGAN", SHARED, 4, 8, n_cases=0)
    assert study.audit_events.get(verb="study.frozen").data["n_real_of_trained_patients"] == 0
    text = study_admin.get(reverse("readerstudy:study", args=[study.slug])).content.decode()
    assert "used to train DCGAN; no real panel of the test is of such a patient." in text


def test_where_no_others_are_left_it_counts_them(study_admin, cohort):
    real = of_cohort(make_patch_set(n_patients=8), cohort)
    study, _ = found(real, generated(real))
    study = studies.freeze(study=study, by=ADMIN, now=NOW)
    assert familiarity.of_study(study)[0].n_cases == 6
    text = study_admin.get(reverse("readerstudy:study", args=[study.slug])).content.decode()
    assert "6 real panels of the test are of such patients, because the pool has too few others." in text


def test_patients_kept_apart(cohort):
    real = of_cohort(make_patch_set(n_patients=8), cohort)
    assert found(real, generated(of_one_patient("P100", cohort)))[1][0] == Familiarity("DCGAN", APART, 0, 8)


def of_one_patient(patient: str, cohort: Cohort) -> PatchSet:
    """A patch set whose patches are all of one patient."""
    folder = settings.READERSTUDY_DATA / "patch_sets" / "one-patient"
    rows = [PatchRow(patient=patient, lesion_class=lesion_class) for lesion_class in LESION_CLASSES]
    with PatchSetWriter(folder, source="real") as writer:
        writer.add(make_patches(len(rows), np.random.default_rng(0)), rows)
        sha256 = writer.finish({"made by": "a test"}).sha256
    return PatchSet.objects.create(
        name="One patient", slug="one-patient", source="real", status="finished", sha256=sha256, cohort=cohort,
        created_at=NOW,
    )  # fmt: skip


def test_equal_pseudonyms_of_two_cohorts_say_nothing(cohort):
    other = Cohort.objects.create(name="Other", slug="other", status="finished", created_at=NOW)
    trained_on = of_cohort(make_patch_set(), other)
    real = of_cohort(make_patch_set(), cohort)
    assert found(real, generated(trained_on))[1][0] == Familiarity("DCGAN", OTHER_COHORT)


def test_sets_without_a_cohort_cannot_be_compared():
    assert found(make_patch_set(), generated(make_patch_set()))[1][0] == Familiarity("DCGAN", UNKNOWN)
