"""Pages of pools."""

import io

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from generation.core.errors import InputError
from generation.core.labels import LESION_CLASSES, LesionClass
from readerstudy.core import panel
from readerstudy.selectors import pools as selectors
from readerstudy.services import pools as services
from readerstudy.views.forms import PoolForm

PATCHES_PER_PAGE = 12


@require_http_methods(["GET", "POST"])
def pools(request: HttpRequest) -> HttpResponse:
    """List pools, and make one from a finished patch set."""
    form = PoolForm(request.POST or None)
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
    rows = [(pool, selectors.counts(pool.patch_set)) for pool in selectors.pools()]
    context = {
        "rows": rows,
        "form": form,
        "n_offered": selectors.offered_patch_sets().count(),
        "lesion_classes": LESION_CLASSES,
    }
    return render(request, "readerstudy/pools.html", context)


@require_GET
def pool(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a pool holds, patch by patch."""
    row = get_object_or_404(selectors.pools(), slug=slug)
    wanted = request.GET.get("class", "")
    lesion_class = LesionClass(wanted) if wanted in set(LESION_CLASSES) else None
    page = Paginator(selectors.indices(row, lesion_class), PATCHES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "pool": row,
        "counts": selectors.counts(row.patch_set),
        "chosen": lesion_class,
        "page": page,
        "patches": selectors.described(row, [int(index) for index in page.object_list]),
        "frames": [panel.FRAME_TITLES[name] for name in panel.STRIP.rows[0]],
    }
    return render(request, "readerstudy/pool.html", context)


@require_GET
def patch(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """One patch of a pool as a strip of frames, as readers would see them."""
    row = get_object_or_404(selectors.pools(), slug=slug)
    patches = selectors.opened(row.patch_set).patches
    if index >= len(patches):
        raise Http404
    buffer = io.BytesIO()
    panel.draw(patches[index], panel.STRIP).save(buffer, format="PNG", compress_level=1)
    return HttpResponse(
        buffer.getvalue(), content_type="image/png", headers={"Cache-Control": "private, max-age=3600"}
    )
