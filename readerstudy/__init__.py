"""The reader study: readers, pools, studies, sessions, answers; and the wiring of the whole project."""

from readerstudy.celery import app as celery_app

__all__ = ["celery_app"]
