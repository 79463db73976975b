"""Celery tasks: the jobs they run are imported in the worker only."""

from celery import shared_task


@shared_task(name="evaluation.score", acks_late=True)
def score(run_id: int) -> None:
    from evaluation.jobs import scoring

    scoring.run(run_id)
