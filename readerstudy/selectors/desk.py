"""What the first page of the desk says: what there is, what runs, what comes next."""

from dataclasses import dataclass

from django.apps import apps
from django.urls import reverse

from generation.core.labels import REAL
from generation.models import Cohort, Job, PatchSet, TrainingRun
from readerstudy.models import Pool, Reader, Study
from readerstudy.selectors import access, studies

_ACTIVE = [Job.Status.QUEUED, Job.Status.RUNNING, Job.Status.STOPPING]
_N_RECENT = 8


@dataclass(frozen=True, slots=True)
class Work:
    """A job that is queued or running."""

    kind: str
    job: Job
    url: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to a result, with what is there already."""

    title: str
    url: str
    found: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the first page shows."""

    n_cohorts: int
    n_patch_sets: int
    n_training_runs: int
    n_pools: int
    n_studies: int
    studies: list[Study]
    works: list[Work]
    steps: list[Step]

    @property
    def is_empty(self) -> bool:
        return not (self.n_cohorts or self.n_patch_sets or self.n_studies)

    @property
    def next_step(self) -> Step | None:
        return next((step for step in self.steps if not step.is_done), None)


def overview(user: access.Account) -> Overview:
    """Count and list what the first page shows to an account: its studies, and for study admins what studies are made of."""
    if not access.is_study_admin(user):
        return _of_studies(user)
    finished_sets = PatchSet.objects.filter(status=Job.Status.FINISHED)
    return Overview(
        n_cohorts=Cohort.objects.count(),
        n_patch_sets=finished_sets.count(),
        n_training_runs=TrainingRun.objects.count(),
        n_pools=Pool.objects.count(),
        n_studies=access.studies_of(user).count(),
        studies=list(studies.of_account(user)[:_N_RECENT]),
        works=_works(),
        steps=_steps(user),
    )


def _of_studies(user: access.Account) -> Overview:
    """For an account that makes nothing itself."""
    seen = studies.of_account(user)
    return Overview(
        n_cohorts=0,
        n_patch_sets=0,
        n_training_runs=0,
        n_pools=0,
        n_studies=seen.count(),
        studies=list(seen[:_N_RECENT]),
        works=[],
        steps=[],
    )


def _works() -> list[Work]:
    found: list[Work] = []
    for cohort in Cohort.objects.filter(status__in=_ACTIVE):
        found.append(Work("import", cohort, reverse("generation:cohort", args=[cohort.slug])))
    for patch_set in PatchSet.objects.filter(status__in=_ACTIVE).select_related("cohort", "checkpoint__run"):
        found.append(
            Work("extraction" if patch_set.cohort else "sampling", patch_set, _patch_set_url(patch_set))
        )
    for run in TrainingRun.objects.filter(status__in=_ACTIVE):
        found.append(Work("training", run, reverse("generation:training_run", args=[run.slug])))
    # Apps further down have jobs of their own; their rows say what they are and where they are shown.
    for model in apps.get_models():
        if issubclass(model, Job) and hasattr(model, "work_kind") and hasattr(model, "get_absolute_url"):
            for row in model._default_manager.filter(status__in=_ACTIVE).order_by("created_at", "pk")[
                :_N_RECENT
            ]:
                found.append(Work(row.work_kind, row, row.get_absolute_url()))
    return found


def _patch_set_url(patch_set: PatchSet) -> str:
    if patch_set.cohort:
        return reverse("generation:cohort", args=[patch_set.cohort.slug])
    if patch_set.checkpoint and patch_set.checkpoint.run:
        return reverse("generation:training_run", args=[patch_set.checkpoint.run.slug])
    return reverse("readerstudy:pools")


def _steps(user: access.Account) -> list[Step]:
    finished = PatchSet.objects.filter(status=Job.Status.FINISHED)
    n_real = finished.filter(source=REAL).count()
    n_generated = finished.exclude(source=REAL).count()
    sources = sorted(set(Pool.objects.values_list("patch_set__source", flat=True)))
    by_status = studies.n_of_status(access.studies_of(user))
    n_frozen_or_later = sum(by_status.values()) - by_status["draft"]
    n_readers = Reader.objects.filter(study__in=access.studies_of(user)).count()
    return [
        Step(
            "Import a cohort and extract its patches",
            reverse("generation:cohorts"),
            f"{n_real} real patch sets",
            n_real > 0,
        ),
        Step(
            "Train generators and sample them",
            reverse("generation:training_runs"),
            f"{n_generated} generated patch sets",
            n_generated > 0,
        ),
        Step(
            "Offer real and generated patches as pools",
            reverse("readerstudy:pools"),
            f"pools of {', '.join(sources)}" if sources else "no pool",
            REAL in sources and len(sources) > 1,
        ),
        Step(
            "Design a study and freeze it",
            reverse("readerstudy:studies"),
            f"{n_frozen_or_later} frozen",
            n_frozen_or_later > 0,
        ),
        Step(
            "Invite readers and open the study",
            reverse("readerstudy:studies"),
            f"{n_readers} reader{'' if n_readers == 1 else 's'}",
            n_readers > 0,
        ),
        Step(
            "Close it and read the results",
            reverse("readerstudy:studies"),
            f"{by_status['closed']} closed",
            by_status["closed"] > 0,
        ),
    ]
