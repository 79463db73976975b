"""The metric curves of a training, for pages of an app that knows no metrics."""

from typing import Any

from django import template

from evaluation.selectors import curves
from generation.models import TrainingRun

register = template.Library()


@register.inclusion_tag("evaluation/run_curves.html")
def checkpoint_curves(run: TrainingRun) -> dict[str, Any]:
    """Draw distance over checkpoints: {% checkpoint_curves run %}."""
    return {"run": run, "curves": curves.of_run(run), "n_waiting": len(curves.active_scores(run))}
