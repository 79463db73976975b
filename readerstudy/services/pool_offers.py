"""Pools of patch sets that were sampled in order to be offered."""

from django.utils import timezone
from django.utils.text import slugify

from generation.models import PatchSet
from readerstudy.models import Pool
from readerstudy.services import pools

_LONGEST_STEM = 90  # leaves room for a number


def follow(patch_set_id: int) -> None:
    """Make the pool that a sampling was asked for, once; settings.AFTER_SAMPLING names this."""
    patch_set = PatchSet.objects.get(pk=patch_set_id)
    wanted = str(patch_set.options.get("pool", ""))
    if wanted and not patch_set.pools.exists():
        by = str(patch_set.options.get("asked_by", ""))
        pools.create(name=_free_name(wanted), patch_set=patch_set, by=by, now=timezone.now())


def _free_name(wanted: str) -> str:
    """The name, or the name with a number: nobody is there to choose another."""
    name, number = wanted, 1
    while Pool.objects.filter(slug=slugify(name)).exists():
        number += 1
        name = f"{wanted[:_LONGEST_STEM]} {number}"
    return name
