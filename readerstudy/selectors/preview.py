"""Warm-up panels of a study, to look at before anybody reads; a test case is never among them."""

import numpy as np
from numpy.typing import NDArray

from readerstudy.core.draw import Pick, draw_cases
from readerstudy.core.randomization import rank
from readerstudy.core.session_state import Phase
from readerstudy.models import Study
from readerstudy.selectors import familiarity, pixels, pools


def n_panels(study: Study) -> int:
    """How many panels the preview has: those of the warm-up.

    Raises
    ------
    InputError
        If the pools of a draft do not hold enough for its quotas.
    """
    if study.status != Study.Status.DRAFT:
        return study.cases.filter(phase=Phase.WARM_UP).count()
    return len(_drawn(study))


def patch(study: Study, number: int) -> NDArray[np.int16] | None:
    """(frames, height, width) int16 of a preview panel, from 1 on; None where there is none of that number."""
    if study.status != Study.Status.DRAFT:
        case = study.cases.filter(phase=Phase.WARM_UP).order_by("public_id")[number - 1 : number].first()
        return None if case is None else pixels.of_case(case, study)
    picks = _drawn(study)
    if number > len(picks):
        return None
    pick = picks[number - 1]
    pool = study.pools.select_related("patch_set").get(patch_set__source=pick.source)
    return np.asarray(pools.opened(pool.patch_set).patches[pick.patch_index])


def _drawn(study: Study) -> list[Pick]:
    """What freezing would draw into the warm-up of a draft, mixed."""
    protocol = study.rules
    supplies = familiarity.supplies(study.pools.select_related("patch_set__checkpoint__run__patch_set"))
    drawn = draw_cases(protocol, supplies, rng=np.random.default_rng(protocol.seed))
    picks = [pick for pick in drawn.picks if pick.phase is Phase.WARM_UP]
    return sorted(picks, key=lambda pick: rank(protocol.seed, f"{pick.source}:{pick.patch_index}"))
