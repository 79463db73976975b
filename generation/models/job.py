"""What every job of a worker has in common."""

from datetime import timedelta

from django.db import models


class Job(models.Model):
    """Something a worker does once: queued, claimed by one conditional UPDATE, then finished, failed or stopped."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        STOPPING = "stopping"
        STOPPED = "stopped"
        FINISHED = "finished"
        FAILED = "failed"

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    n_done = models.PositiveBigIntegerField(default=0)
    n_total = models.PositiveBigIntegerField(default=0)
    step_name = models.CharField(max_length=80, blank=True)  # what is being done now, for the page
    error = models.TextField(blank=True)  # one sentence
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def task_name(self) -> str:
        """Name of the Celery task that can begin this job again after a crash; empty if only a command can."""
        raise NotImplementedError

    @property
    def is_put_off(self) -> bool:
        """Whether it is queued to be tried again later: its message lies with a worker until then."""
        return False

    @property
    def patience(self) -> timedelta:
        """How long its message may be on its way, beyond what is usual."""
        return timedelta(0)

    @property
    def is_active(self) -> bool:
        return self.status in {self.Status.QUEUED, self.Status.RUNNING, self.Status.STOPPING}

    @property
    def percent(self) -> int:
        if self.status == self.Status.FINISHED:
            return 100
        return int(100 * self.n_done / self.n_total) if self.n_total else 0
