"""Readers, their invitations, sessions, trials and responses."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from readerstudy.core.conduct import MAX_COMMENT_LENGTH
from readerstudy.core.names import MAX_GROUP_LENGTH, MAX_NAME_LENGTH
from readerstudy.core.session_state import Role, SessionState
from readerstudy.models.study import PHASE_CHOICES, Case, Study

TOKEN_LENGTH = 32  # hexadecimal digits, 128 bits
ROLE_CHOICES = [(role.value, role.value) for role in Role]
STATE_CHOICES = [(state.value, state.value.replace("_", "-")) for state in SessionState]


class Reader(models.Model):
    """A person who reads one study; exports know only the pseudonym."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="readers")
    pseudonym = models.CharField(max_length=8)
    name = models.CharField(max_length=MAX_NAME_LENGTH)
    email = models.EmailField(blank=True)
    group = models.CharField(max_length=MAX_GROUP_LENGTH)
    language = models.CharField(
        max_length=5, blank=True
    )  # of letters, where the study leaves it to the reader
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # left the study: name and address are deleted

    class Meta:
        ordering = ["study", "pseudonym"]
        constraints = [
            models.UniqueConstraint(fields=["study", "pseudonym"], name="one_pseudonym_per_study"),
            models.UniqueConstraint(
                "study", Lower("email"), condition=~Q(email=""), name="one_address_per_study"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(name="", email="", language=""),
                name="withdrawn_reader_has_no_identity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pseudonym} ({self.group})"


class Invitation(models.Model):
    """A reader's personal way in; opening its link uses nothing up."""

    reader = models.OneToOneField(Reader, on_delete=models.CASCADE, related_name="invitation")
    public_id = models.CharField(max_length=TOKEN_LENGTH, unique=True)
    version = models.PositiveIntegerField(default=1)  # a new link makes the ones before it invalid
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)  # the link opens no session after it
    sent_at = models.DateTimeField(null=True, blank=True)  # last e-mail with the link
    n_sent = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"invitation of {self.reader}"


class ReadingSession(models.Model):
    """One pass of a reader through a study, in an order stored before the first trial."""

    invitation = models.OneToOneField(Invitation, on_delete=models.PROTECT, related_name="session")
    public_id = models.CharField(max_length=TOKEN_LENGTH, unique=True)
    seed = models.BigIntegerField()
    algorithm = models.CharField(max_length=40)
    state = models.CharField(max_length=9, choices=STATE_CHOICES, default=SessionState.ARRIVED)
    seat = models.CharField(
        max_length=TOKEN_LENGTH, blank=True
    )  # of the one window that reads now; another window that takes over gets a new one
    consented_at = models.DateTimeField(null=True, blank=True)
    expertise = models.JSONField(null=True, blank=True)  # answers by the label of their question
    display = models.JSONField(
        null=True, blank=True
    )  # result of the display check, see core/display_check.py
    practised_at = models.DateTimeField(null=True, blank=True)  # left the instructions
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["started_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["arrived", "warm_up", "test", "refresher", "finished"]),
                name="session_state_known",
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
    role = models.CharField(max_length=9, choices=ROLE_CHOICES, default=Role.FIRST)
    position = models.PositiveIntegerField()  # within the phase, from 1
    token = models.CharField(max_length=TOKEN_LENGTH, unique=True)  # all that an address of a trial holds
    served_at = models.DateTimeField(
        null=True, blank=True
    )  # its panel was first let out to the reader's browser
    done_at = models.DateTimeField(null=True, blank=True)  # answered, or in the warm-up seen

    class Meta:
        ordering = ["session", "phase", "position"]
        constraints = [
            models.UniqueConstraint(fields=["session", "phase", "position"], name="one_trial_per_position"),
            models.UniqueConstraint(
                fields=["session", "case", "role"],
                condition=~Q(role="refresher"),
                name="one_trial_per_case_and_role",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["first", "repeat", "check", "refresher"]), name="trial_role_known"
            ),
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


class Judgement(models.Model):
    """What a reader said of one panel, and how long it took."""

    class Answer(models.TextChoices):
        REAL = "real", "Real"
        FAKE = "fake", "Synthetic"

    answer = models.CharField(max_length=4, choices=Answer, blank=True)  # empty when time was up
    is_timeout = models.BooleanField(default=False)
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    comment = models.CharField(max_length=MAX_COMMENT_LENGTH, blank=True)
    rt_ms = models.PositiveIntegerField(
        null=True, blank=True
    )  # first paint to answer, less the time hidden or out of focus; null without JavaScript
    hidden_ms = models.PositiveIntegerField(null=True, blank=True)  # hidden or out of focus meanwhile
    n_hidden = models.PositiveIntegerField(null=True, blank=True)  # how often
    waited_ms = models.PositiveIntegerField(
        null=True, blank=True
    )  # from the answer to its arrival here, while the network was away
    viewer = models.JSONField(
        null=True, blank=True
    )  # what was done with the viewer, see core/viewer_log.py; null without JavaScript
    key = models.CharField(max_length=64)  # idempotency key of the request that was stored
    answered_at = models.DateTimeField()  # by the server's clock, when it arrived

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.answer or "time up"


class Response(Judgement):
    """The judgement of one trial that stands: stored once, never changed."""

    trial = models.OneToOneField(Trial, on_delete=models.PROTECT, related_name="response")
    version = models.PositiveSmallIntegerField(default=1)  # 2 after the first was taken back

    class Meta:
        ordering = ["answered_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer__in=["real", "fake"], is_timeout=False) | Q(answer="", is_timeout=True),
                name="answer_known",
            ),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__range=(1, 6)), name="confidence_in_range"
            ),
        ]


class WithdrawnResponse(Judgement):
    """A judgement that its reader took back; kept, never analysed."""

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="withdrawn_responses")
    version = models.PositiveSmallIntegerField()
    withdrawn_at = models.DateTimeField()
    withdrawal_key = models.CharField(max_length=64)  # idempotency key of the request that took it back

    class Meta:
        ordering = ["trial", "version"]
        constraints = [
            models.UniqueConstraint(fields=["trial", "version"], name="one_withdrawn_response_per_version")
        ]
