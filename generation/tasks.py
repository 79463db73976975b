"""Celery tasks: five lines each; the jobs they run are imported in the worker only."""

from celery import shared_task


@shared_task(name="generation.import_cohort", acks_late=True)
def import_cohort(cohort_id: int) -> None:
    from generation.jobs import importing

    importing.run(cohort_id)


@shared_task(name="generation.look", acks_late=True)
def look(dry_run_id: int) -> None:
    from generation.jobs import looking

    looking.run(dry_run_id)


@shared_task(name="generation.extract", acks_late=True)
def extract(patch_set_id: int) -> None:
    from generation.jobs import extracting

    extracting.begin(patch_set_id)


@shared_task(name="generation.extract_part", acks_late=True)
def extract_part(part_id: int) -> None:
    from generation.jobs import extracting

    extracting.run_part(part_id)


@shared_task(name="generation.train", acks_late=True)
def train(run_id: int) -> None:
    from generation.jobs import training

    training.run(run_id)


@shared_task(name="generation.sample", acks_late=True)
def sample(patch_set_id: int) -> None:
    from generation.jobs import sampling

    sampling.run(patch_set_id)


@shared_task(name="generation.look_at_patches", acks_late=True)
def look_at_patches(patch_import_id: int) -> None:
    from generation.jobs import patch_looking

    patch_looking.run(patch_import_id)


@shared_task(name="generation.copy_patches", acks_late=True)
def copy_patches(patch_set_id: int) -> None:
    from generation.jobs import patch_copying

    patch_copying.run(patch_set_id)


@shared_task(name="generation.find_neighbours", acks_late=True)
def find_neighbours(neighbours_id: int) -> None:
    from generation.jobs import neighbouring

    neighbouring.run(neighbours_id)
