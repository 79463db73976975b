"""E-mails to readers: one row for each that was asked for, and what became of it."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.urls import reverse

from generation.models import Job
from readerstudy.models.reading import Invitation


class InvitationMail(Job):
    """One e-mail with a personal link; neither the address nor the link is kept here."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="mails")
    site = models.CharField(max_length=300)  # where this instance is reached, such as https://study.example
    reply_to = models.EmailField(blank=True)  # of whoever asked for it
    asked_by = models.CharField(max_length=150)
    n_attempts = models.PositiveSmallIntegerField(default=0)
    handed_at = models.DateTimeField(
        null=True, blank=True
    )  # given to the mail server, whose answer is still unknown: never given again

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Job.Status.values), name="invitation_mail_status_known"
            ),
            models.UniqueConstraint(
                fields=["invitation"],
                condition=Q(status__in=["queued", "running", "stopping"]),
                name="one_open_mail_per_invitation",
            ),
        ]

    def __str__(self) -> str:
        return f"e-mail to {self.invitation.reader}"

    @property
    def task_name(self) -> str:
        return "readerstudy.send_invitation"

    @property
    def is_put_off(self) -> bool:
        return self.n_attempts > 0

    @property
    def patience(self) -> timedelta:
        """The longest time until the next try, and some more."""
        return timedelta(minutes=35 if self.is_put_off else 0)

    @property
    def work_kind(self) -> str:
        return "e-mail"

    def get_absolute_url(self) -> str:
        return reverse("readerstudy:letters", args=[self.invitation.reader.study.slug])
