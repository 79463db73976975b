"""The reader study: readers, pools, studies, sessions, answers; and the wiring of the whole project."""

from readerstudy.celery import app as celery_app

__version__ = "0.1.0"  # as in pyproject.toml; printed in every report

__all__ = ["celery_app"]
