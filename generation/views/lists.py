"""How cohorts, patch sets, training runs and checkpoints are listed, on pages and in the JSON interface."""

from typing import Final

from generation.models import Job
from generation.views.listing import Column, Filter, Listing

_STATUSES: Final = tuple((status.value, status.label.lower()) for status in Job.Status)

COHORTS: Final = Listing(
    columns=(
        Column("name", "Cohort", ("name",)),
        Column("status", "Import", ("status",)),
        Column("patients", "Patients", ("n_patients",), is_number=True),
        Column("benign", "Benign lesions", ("n_benign_lesions",), is_number=True),
        Column("malignant", "Malignant lesions", ("n_malignant_lesions",), is_number=True),
        Column("imported", "Imported", ("finished_at",)),
        Column("made", "Asked for", ("created_at",), in_table=False),
    ),
    filters=(Filter("status", "Import", "status", _STATUSES),),
    searched=("name", "slug", "note"),
    sort="made",
    is_descending=True,
)
PATCH_SETS: Final = Listing(
    columns=(
        Column("name", "Patch set", ("name",)),
        Column("source", "Source", ("source", "name")),
        Column("status", "Status", ("status",)),
        Column("benign", "Benign", ("n_benign",), is_number=True),
        Column("malignant", "Malignant", ("n_malignant",), is_number=True),
        Column("no_findings", "No findings", ("n_no_findings",), is_number=True),
        Column("made", "Made", ("created_at",)),
    ),
    filters=(Filter("source", "Source", "source"), Filter("status", "Status", "status", _STATUSES)),
    searched=("name", "slug", "source", "cohort__name", "checkpoint__name"),
    sort="made",
    is_descending=True,
)
TRAINING_RUNS: Final = Listing(
    columns=(
        Column("name", "Run", ("name",)),
        Column("status", "Status", ("status",)),
        Column("steps", "Steps", ("n_done",), is_number=True),
        Column("rate", "Patches/s", ("images_per_second",), is_number=True),
        Column("checkpoints", "Checkpoints", ("n_checkpoints",), is_number=True),
        Column("started", "Started", ("started_at",)),
        Column("made", "Asked for", ("created_at",), in_table=False),
    ),
    filters=(Filter("status", "Status", "status", _STATUSES), Filter("preset", "Recipe", "preset")),
    searched=("name", "slug", "preset", "patch_set__name", "device"),
    sort="made",
    is_descending=True,
)
CHECKPOINTS: Final = Listing(
    columns=(
        Column("name", "Checkpoint", ("name",)),
        Column("source", "Source", ("source", "name")),
        Column("step", "Step", ("step",), is_number=True),
        Column("made", "Saved", ("created_at",)),
    ),
    filters=(Filter("source", "Source", "source"),),
    searched=("name", "source"),
    sort="made",
    is_descending=True,
)
