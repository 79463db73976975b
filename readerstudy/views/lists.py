"""How pools, studies and the audit log are listed, on pages and in the JSON interface."""

from typing import Final

from generation.views.listing import Column, Filter, Listing
from readerstudy.models import Study


def _verb_in_words(verb: str) -> str:
    return verb.replace(".", " ").replace("_", " ")


POOLS: Final = Listing(
    columns=(
        Column("name", "Pool", ("name",)),
        Column("source", "Source", ("patch_set__source", "name")),
        Column("benign", "benign", ("patch_set__n_benign",), is_number=True),
        Column("malignant", "malignant", ("patch_set__n_malignant",), is_number=True),
        Column("no_findings", "no findings", ("patch_set__n_no_findings",), is_number=True),
        Column("made", "Made", ("created_at",)),
    ),
    filters=(Filter("source", "Source", "patch_set__source"),),
    searched=("name", "slug", "patch_set__name", "patch_set__source"),
    sort="name",
)
STUDIES: Final = Listing(
    columns=(
        Column("name", "Study", ("name",)),
        Column("status", "Status", ("status",)),
        Column("cases", "Cases", ("n_cases",), is_number=True),
        Column("readers", "Readers", ("n_readers",), is_number=True),
        Column("finished", "Finished", ("n_finished",), is_number=True),
        Column("made", "Made", ("created_at",)),
    ),
    filters=(Filter("status", "Status", "status", tuple((one.value, one.value) for one in Study.Status)),),
    searched=("name", "slug"),
    sort="made",
    is_descending=True,
)
AUDIT: Final = Listing(
    columns=(
        Column("when", "When", ("at",)),
        Column("who", "Who", ("actor", "at")),
        Column("what", "What", ("verb", "at")),
    ),
    filters=(Filter("verb", "What", "verb", title_of=_verb_in_words), Filter("actor", "Who", "actor")),
    sort="when",
    is_descending=True,
)
