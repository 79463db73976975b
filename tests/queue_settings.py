"""Settings of instances whose workers are killed: the project's own, with one queue that no other instance listens to."""

import os

from readerstudy.settings import *  # noqa: F403

CELERY_TASK_DEFAULT_QUEUE = os.environ["TEST_QUEUE"]
CELERY_TASK_ROUTES = {}
if CELERY_BROKER_URL.startswith("redis"):  # noqa: F405
    # An unacknowledged message is delivered again after seconds instead of an hour.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    }
