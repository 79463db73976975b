"""Pages of pools."""

import io

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generation import tasks
from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, REAL, LesionClass
from generation.models import Neighbours, PatchSet
from generation.selectors import neighbours as neighbour_selectors
from generation.services import neighbours as neighbour_services
from generation.views.stopping import ask_to_stop
from readerstudy.core import panel
from readerstudy.models import Pool
from readerstudy.selectors import pools as selectors
from readerstudy.services import pools as services
from readerstudy.views import lists
from readerstudy.views.forms import PoolForm

PATCHES_PER_PAGE = 12
SHOWN = {"": None, "offered": False, "excluded": True}  # what is looked at -> taken out


@require_http_methods(["GET", "POST"])
def pools(request: HttpRequest) -> HttpResponse:
    """List pools, and make one from a finished patch set."""
    chosen = request.GET.get("patch_set", "")
    form = PoolForm(request.POST or None, initial={"patch_set": chosen} if chosen.isdecimal() else None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            pool = services.create(
                name=values["name"],
                patch_set=values["patch_set"],
                by=request.user.get_username(),
                now=timezone.now(),
            )
        except InputError as error:
            form.add_error(None, str(error))
        else:
            return redirect("readerstudy:pool", pool.slug)
    listed = lists.POOLS.read(request.GET, selectors.pools())
    context = {
        "list": listed,
        "rows": [(pool, selectors.offered(pool), selectors.n_excluded(pool)) for pool in listed.page],
        "form": form,
        "n_offered": selectors.offered_patch_sets().count(),
    }
    return render(request, "readerstudy/pools.html", context)


@require_GET
def pool(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a pool holds, patch by patch, each generated one beside the real one that it resembles most."""
    row = _pool(slug)
    wanted = request.GET.get("class", "")
    lesion_class = LesionClass(wanted) if wanted in set(LESION_CLASSES) else None
    shown = request.GET.get("show", "") if request.GET.get("show", "") in SHOWN else ""
    search = neighbour_selectors.of(row.patch_set)
    by_distance = request.GET.get("order") == "nearest"
    positions = selectors.indices(row, lesion_class, is_excluded=SHOWN[shown]).tolist()
    if by_distance:
        positions = neighbour_selectors.nearest_first(search, positions)
    page = Paginator(positions, PATCHES_PER_PAGE).get_page(request.GET.get("page"))
    strip = panel.strip(row.patch_set.frames)
    asked = {"class": lesion_class or "", "show": shown, "order": "nearest" if by_distance else ""}
    context = {
        "pool": row,
        "counts": selectors.counts(row.patch_set),
        "chosen": lesion_class,
        "shown": shown,
        "by_distance": by_distance,
        "query": "&".join(f"{name}={value}" for name, value in asked.items() if value),
        "n_excluded": selectors.n_excluded(row),
        "page": page,
        "patches": selectors.described(row, list(page.object_list), neighbours=search),
        "frames": [panel.title(name, strip.frame_set) for name, _, _ in strip.places()],
        "strip": strip,
        "studies": row.studies.order_by("name"),
        "max_reason": services.MAX_REASON_LENGTH,
        **_neighbour_context(row, search),
    }
    return render(request, "readerstudy/pool.html", context)


@require_GET
def patch(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """One patch of a pool as a strip of frames, as readers would see them."""
    return _strip(_pool(slug).patch_set, index)


@require_GET
def nearest(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """The real patch that lies nearest to a patch of a pool."""
    search = neighbour_selectors.of(_pool(slug).patch_set)
    if search is None or index >= search.patch_set.n_patches:
        raise Http404("There is no such patch.")
    found = neighbour_selectors.of_patches(search, [index])
    if index not in found:
        raise Http404("Its neighbour is not known.")
    return _strip(search.reference, found[index].index)


@require_POST
def exclude(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Take a patch out of a pool."""
    row = _pool(slug)
    try:
        services.exclude(
            pool=row,
            patch_index=index,
            reason=request.POST.get("reason", ""),
            by=request.user.get_username(),
            now=timezone.now(),
        )
    except InputError as error:
        messages.error(request, str(error))
    else:
        drawn = selectors.frozen_with(row, index)
        kept = f" {', '.join(drawn)} was frozen with it and keeps it." if drawn else ""
        messages.info(request, f"Patch {index} is not offered any more.{kept}")
    return _back(request, slug)


@require_POST
def restore(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Offer a patch again."""
    try:
        services.restore(
            pool=_pool(slug), patch_index=index, by=request.user.get_username(), now=timezone.now()
        )
    except InputError as error:
        messages.error(request, str(error))
    return _back(request, slug)


@require_POST
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a pool that no study uses."""
    row = _pool(slug)
    if request.POST.get("confirmed") != "yes":
        messages.error(request, "Nothing was deleted: tick the box first.")
        return redirect("readerstudy:pool", slug)
    try:
        services.delete(pool=row, by=request.user.get_username(), now=timezone.now())
    except InputError as error:
        messages.error(request, str(error))
        return redirect("readerstudy:pool", slug)
    messages.info(request, f"The pool “{row.name}” was deleted; its patch set stays.")
    return redirect("readerstudy:pools")


@require_POST
def find_neighbours(request: HttpRequest, slug: str) -> HttpResponse:
    """Queue the search for the nearest real patches."""
    row = _pool(slug)
    chosen = request.POST.get("reference", "")
    reference = (
        neighbour_selectors.references(row.patch_set).filter(pk=chosen if chosen.isdecimal() else 0).first()
    )
    if reference is None:
        messages.error(request, "Choose the real patches to compare with.")
        return redirect("readerstudy:pool", slug)
    try:
        with transaction.atomic():
            search = neighbour_services.request(
                patch_set=row.patch_set, reference=reference, now=timezone.now()
            )
            tasks.find_neighbours.delay_on_commit(search.pk)
    except InputError as error:
        messages.error(request, str(error))
    return redirect("readerstudy:pool", slug)


@require_POST
def stop_neighbours(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the search for neighbours to stop."""
    search = neighbour_selectors.of(_pool(slug).patch_set)
    if search is not None:
        ask_to_stop(request, search, kind="search")
    return redirect("readerstudy:pool", slug)


def _pool(slug: str) -> Pool:
    return get_object_or_404(selectors.pools(), slug=slug)


def _strip(patch_set: PatchSet, index: int) -> HttpResponse:
    patches = selectors.opened(patch_set).patches
    if index >= len(patches):
        raise Http404
    buffer = io.BytesIO()
    panel.draw(patches[index], panel.strip(patch_set.frames)).save(buffer, format="PNG", compress_level=1)
    return HttpResponse(
        buffer.getvalue(), content_type="image/png", headers={"Cache-Control": "private, max-age=3600"}
    )


def _neighbour_context(row: Pool, search: Neighbours | None) -> dict[str, object]:
    """What the page says of nearest neighbours; nothing for pools of reals."""
    if row.source == REAL:
        return {"is_generated": False}
    trained_on = neighbour_selectors.training_set(row.patch_set)
    return {
        "is_generated": True,
        "search": search,
        "trained_on": trained_on,
        "references": neighbour_selectors.references(row.patch_set),
    }


def _back(request: HttpRequest, slug: str) -> HttpResponse:
    """To the page of the gallery that the form was on."""
    query = request.POST.get("query", "")
    is_ours = all(character.isalnum() or character in "&=_-" for character in query)
    answer = redirect("readerstudy:pool", slug)
    if query and is_ours and len(query) < 200:
        answer["Location"] += f"?{query}"
    return answer
