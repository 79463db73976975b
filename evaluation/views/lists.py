"""How metric runs are listed, on pages and in the JSON interface."""

from typing import Final

from evaluation.models import EXTRACTOR_CHOICES
from generation.models import Job
from generation.views.listing import Column, Filter, Listing

METRIC_RUNS: Final = Listing(
    columns=(
        Column("scored", "Scored", ("fake_set__name",)),
        Column("status", "Status", ("status",)),
        Column("made", "Asked for", ("created_at",)),
        Column("progress", "Progress"),
        Column("action", "Action", is_hidden=True),
    ),
    filters=(
        Filter("status", "Status", "status", tuple((one.value, one.label.lower()) for one in Job.Status)),
        Filter("extractor", "Extractor", "extractor", tuple(EXTRACTOR_CHOICES)),
    ),
    searched=("fake_set__name", "real_set__name", "fake_set__source"),
    sort="made",
    is_descending=True,
)
