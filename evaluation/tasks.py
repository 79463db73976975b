"""Celery tasks: the jobs they run are imported in the worker only."""

from celery import shared_task


@shared_task(name="evaluation.score", acks_late=True)
def score(run_id: int) -> None:
    from evaluation.jobs import scoring

    scoring.run(run_id)


@shared_task(name="evaluation.score_checkpoint", acks_late=True)
def score_checkpoint(score_id: int) -> None:
    from evaluation.jobs import curves

    curves.run(score_id)


@shared_task(name="evaluation.analyse", acks_late=True)
def analyse(analysis_id: int) -> None:
    from evaluation.jobs import analysing

    analysing.run(analysis_id)
