"""`manage.py watch_jobs`: where web servers and workers run on several machines, somebody has to notice a dead one."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from readerstudy.serving.job_watch import JobWatch


class Command(BaseCommand):
    help = (
        "Look for jobs whose worker or message is gone and send them to the workers again, until SIGTERM. `serve` does "
        "this by itself; run it once beside workers on several machines. Two of them do no harm."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        stop_asked = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop_asked.set())
        watch = JobWatch(say=self.stdout.write, replaces_workers=False)
        watch.send_waiting()
        while not stop_asked.wait(1.0):
            watch()
