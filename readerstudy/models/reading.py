"""Readers, their invitations, sessions, trials and responses."""

from django.db import models
from django.db.models import Q

from readerstudy.core.names import MAX_GROUP_LENGTH, MAX_NAME_LENGTH
from readerstudy.core.session_state import SessionState
from readerstudy.models.study import PHASE_CHOICES, Case, Study

TOKEN_LENGTH = 32  # hexadecimal digits, 128 bits
STATE_CHOICES = [(state.value, state.value.replace("_", "-")) for state in SessionState]


class Reader(models.Model):
    """A person who reads one study; exports know only the pseudonym."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="readers")
    pseudonym = models.CharField(max_length=8)
    name = models.CharField(max_length=MAX_NAME_LENGTH)
    email = models.EmailField(blank=True)
    group = models.CharField(max_length=MAX_GROUP_LENGTH)

    class Meta:
        ordering = ["study", "pseudonym"]
        constraints = [models.UniqueConstraint(fields=["study", "pseudonym"], name="one_pseudonym_per_study")]

    def __str__(self) -> str:
        return f"{self.pseudonym} ({self.group})"


class Invitation(models.Model):
    """A reader's personal way in; opening its link uses nothing up."""

    reader = models.OneToOneField(Reader, on_delete=models.CASCADE, related_name="invitation")
    public_id = models.CharField(max_length=TOKEN_LENGTH, unique=True)
    version = models.PositiveIntegerField(default=1)  # a new link makes the ones before it invalid
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"invitation of {self.reader}"


class ReadingSession(models.Model):
    """One pass of a reader through a study, in an order stored before the first trial."""

    invitation = models.OneToOneField(Invitation, on_delete=models.PROTECT, related_name="session")
    public_id = models.CharField(max_length=TOKEN_LENGTH, unique=True)
    seed = models.BigIntegerField()
    algorithm = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=STATE_CHOICES, default=SessionState.ARRIVED)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["arrived", "warm_up", "test", "finished"]), name="session_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="finished", finished_at__isnull=False)
                | (~Q(state="finished") & Q(finished_at=None)),
                name="finished_session_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"session of {self.invitation.reader}"

    @property
    def reader(self) -> Reader:
        return self.invitation.reader

    @property
    def study(self) -> Study:
        return self.invitation.reader.study


class Trial(models.Model):
    """One case at one position of a session."""

    session = models.ForeignKey(ReadingSession, on_delete=models.CASCADE, related_name="trials")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="trials")
    phase = models.CharField(max_length=7, choices=PHASE_CHOICES)
    position = models.PositiveIntegerField()  # within the phase, from 1
    token = models.CharField(max_length=TOKEN_LENGTH, unique=True)  # all that an address of a trial holds
    served_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)  # answered, or in the warm-up seen

    class Meta:
        ordering = ["session", "phase", "position"]
        constraints = [
            models.UniqueConstraint(fields=["session", "phase", "position"], name="one_trial_per_position"),
            models.UniqueConstraint(fields=["session", "case"], name="one_trial_per_case"),
            models.CheckConstraint(condition=Q(position__gte=1), name="positions_begin_at_1"),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(served_at__isnull=False), name="trial_served_before_done"
            ),
        ]
        indexes = [
            models.Index(
                fields=["session", "phase", "position"], condition=Q(done_at=None), name="open_trials"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase} trial {self.position}"


class Response(models.Model):
    """The judgement of one trial: stored once, never changed."""

    class Answer(models.TextChoices):
        REAL = "real", "Real"
        FAKE = "fake", "Synthetic"

    trial = models.OneToOneField(Trial, on_delete=models.PROTECT, related_name="response")
    answer = models.CharField(max_length=4, choices=Answer)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    rt_ms = models.PositiveIntegerField(
        null=True, blank=True
    )  # first paint to answer; null without JavaScript
    viewer = models.JSONField(
        null=True, blank=True
    )  # what was done with the viewer, see core/viewer_log.py; null without JavaScript
    key = models.CharField(max_length=64)  # idempotency key of the request that was stored
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["answered_at"]
        constraints = [
            models.CheckConstraint(condition=Q(answer__in=["real", "fake"]), name="answer_known"),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__range=(1, 6)), name="confidence_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer} to {self.trial}"
