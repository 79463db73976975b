"""Celery application: `celery -A readerstudy worker -Q default,gpu`."""

import functools
import logging
import os
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from django.db import transaction
from kombu.exceptions import ChannelError, KombuError
from kombu.transport import TRANSPORT_ALIASES

logger = logging.getLogger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readerstudy.settings")
TRANSPORT_ALIASES["filesystem"] = "readerstudy.queue_folder:Transport"


class PatientTask(DjangoTask):
    """A task whose row waits where the queue cannot be reached: the watch over jobs sends it when it can."""

    abstract = True

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:
        """Send the task when the transaction is done; the page of whoever asked for it comes all the same."""
        transaction.on_commit(functools.partial(self._send, *args, **kwargs))

    def _send(self, *args: Any, **kwargs: Any) -> None:
        try:
            self.delay(*args, **kwargs)
        except (KombuError, ChannelError) as error:
            logger.error("the queue cannot be reached (%s); %s %s waits for it", error, self.name, args)


app = Celery("readerstudy", task_cls=PatientTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
