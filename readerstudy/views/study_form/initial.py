"""What the form is filled in with: the paper's protocol, or that of a draft."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from generation.core.labels import DCGAN, LESION_CLASSES, REAL, WGAN
from readerstudy.core import arrival as arrivals
from readerstudy.core import protocol as protocols
from readerstudy.core.conduct import Conduct
from readerstudy.core.protocol import Protocol
from readerstudy.core.session_state import Phase
from readerstudy.models import Pool
from readerstudy.selectors import pools as pool_selectors
from readerstudy.views.study_form.conduct import DEFAULT_BREAK_EVERY
from readerstudy.views.study_form.form import QUESTIONS
from readerstudy.views.study_form.panels import PLAIN
from readerstudy.views.study_form.quotas import MAX_SEED, cell

PRESETS: Mapping[str, tuple[str, float]] = {
    "paper": ("As the paper: 240 real, 240 synthetic", 1.0),
    "half": ("Half: 120 and 120", 0.5),
    "quarter": ("Quarter: 60 and 60", 0.25),
}


def initial_of_preset(preset: str) -> dict[str, Any]:
    """Numbers as in the paper with the generators and pools that are there, and the steps and rules we recommend."""
    grouped = pool_selectors.pools_by_source(pool_selectors.pools())
    generators = [source for source in grouped if source != REAL] or [DCGAN, WGAN]
    _, scale = PRESETS.get(preset, PRESETS["paper"])
    protocol = replace(
        protocols.paper(seed=secrets.randbelow(MAX_SEED), scale=scale, generators=generators[:2]),
        conduct=Conduct(break_every=DEFAULT_BREAK_EVERY),
        arrival=arrivals.recommended(),
    )
    largest = {
        source: max(offered, key=lambda pool: pool.patch_set.n_patches) for source, offered in grouped.items()
    }
    return initial_of_protocol(protocol, largest)


def initial_of_protocol(protocol: Protocol, pools: Mapping[str, Pool]) -> dict[str, Any]:
    """Fields filled in from a protocol."""
    initial: dict[str, Any] = {
        **{name: getattr(protocol, name) for name in (*PLAIN, "seed")},
        **{name: getattr(protocol.conduct, name) for name in Conduct.__dataclass_fields__},
        "consent": protocol.arrival.consent,
        "instructions": protocol.arrival.instructions,
        "display_check": protocol.arrival.display_check,
        "withdrawal": protocol.arrival.withdrawal,
        QUESTIONS: protocol.arrival.questions,
        "warm_up_real": protocol.n_real(Phase.WARM_UP),
        "warm_up_synthetic": protocol.n_synthetic(Phase.WARM_UP),
    }
    for source, per_source in pool_selectors.pools_by_source(pool_selectors.pools()).items():
        initial[f"pool_{source}"] = pools.get(source, per_source[0])
        for lesion_class in LESION_CLASSES:
            initial[cell(source, lesion_class)] = protocol.test.get(source, {}).get(lesion_class, 0)
    return initial
