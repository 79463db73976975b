"""Pools: what they offer, what was taken out of them, what their patches resemble."""

import numpy as np
import pytest
from django.urls import reverse

from generation import tasks
from generation.core.labels import LesionClass
from generation.core.patch_set import PatchRow, PatchSetWriter
from generation.jobs import neighbouring
from generation.models import Neighbours, PatchSet
from readerstudy.models import AuditEvent, Case, Pool, PoolExclusion
from readerstudy.selectors import pools as selectors
from readerstudy.services import pools, studies
from tests.factories import ADMIN, NOW, make_patches, make_pool, make_study, small_protocol

pytestmark = pytest.mark.django_db


def exclude(client, pool, index, reason="a vessel, no lesion", **sent):
    address = reverse("readerstudy:pool_exclude", args=[pool.slug, index])
    return client.post(address, {"reason": reason, **sent}, follow=True)


class TestExclusion:
    def test_with_a_reason_in_the_audit_log(self, study_admin):
        pool = make_pool()
        page = exclude(study_admin, pool, 3, query="class=benign&show=offered").content.decode()
        assert "Patch 3 is not offered any more." in page
        row = PoolExclusion.objects.get()
        assert (row.patch_index, row.lesion_class, row.reason) == (3, "benign", "a vessel, no lesion")
        event = AuditEvent.objects.get(verb="pool.patch_excluded")
        assert event.data == {"pool": pool.slug, "patch": 3, "reason": "a vessel, no lesion"}
        address = reverse("readerstudy:pool", args=[pool.slug])
        assert "a vessel, no lesion" in study_admin.get(address, {"show": "excluded"}).content.decode()
        assert 'id="patch-3"' not in study_admin.get(address, {"show": "offered"}).content.decode()

    @pytest.mark.parametrize(("index", "reason"), [(3, " "), (3, "x" * 201), (3, "a\x00b"), (99, "gone")])
    def test_not_without_a_reason_or_a_patch(self, study_admin, index, reason):
        exclude(study_admin, make_pool(), index, reason)
        assert not PoolExclusion.objects.exists()

    def test_twice_and_undone(self, study_admin):
        pool = make_pool()
        exclude(study_admin, pool, 3)
        assert "is excluded already" in exclude(study_admin, pool, 3).content.decode()
        study_admin.post(reverse("readerstudy:pool_restore", args=[pool.slug, 3]))
        assert not PoolExclusion.objects.exists()
        assert AuditEvent.objects.filter(verb="pool.patch_restored").count() == 1

    def test_is_never_drawn_and_quotas_know(self):
        """8 per class, 2 test + 1 warm-up needed: with 5 excluded, exactly the other 3 are drawn; with 6, none can be."""
        real = make_pool(n_per_class=8)
        for index in range(5):
            pools.exclude(pool=real, patch_index=index, reason="artefact", by=ADMIN, now=NOW)
        real = selectors.pools().get(pk=real.pk)
        assert (real.n_of("benign"), real.n_of("malignant")) == (3, 8)
        study = make_study("frozen", offered=[real, make_pool("dcgan"), make_pool("wgan")])
        drawn = study.cases.filter(source="real", lesion_class="benign")
        assert sorted(drawn.values_list("patch_index", flat=True)) == [5, 6, 7]
        pools.exclude(pool=real, patch_index=5, reason="artefact", by=ADMIN, now=NOW)
        with pytest.raises(ValueError, match=r"needs 3 benign patches of real .* holds 2"):
            studies.create(name="B", protocol=small_protocol(), pools=study.pools.all(), by=ADMIN, now=NOW)

    def test_a_frozen_study_keeps_its_cases(self, study_admin):
        study = make_study("frozen")
        case = study.cases.filter(source="real").first()
        before = list(Case.objects.order_by("pk").values_list("patch_index", "pixels_sha256"))
        pool = study.pools.get(patch_set=case.patch_set)
        page = exclude(study_admin, pool, case.patch_index).content.decode()
        assert f"{study.name} was frozen with it and keeps it." in page
        assert list(Case.objects.order_by("pk").values_list("patch_index", "pixels_sha256")) == before

    def test_back_only_to_this_page(self, study_admin):
        pool = make_pool()
        address = reverse("readerstudy:pool_exclude", args=[pool.slug, 1])
        answer = study_admin.post(address, {"reason": "x", "query": "a=b#//evil.example"})
        assert answer["Location"] == reverse("readerstudy:pool", args=[pool.slug])


class TestDelete:
    def test_unused(self, study_admin):
        pool = make_pool()
        address = reverse("readerstudy:pool_delete", args=[pool.slug])
        study_admin.post(address)
        assert Pool.objects.exists()
        study_admin.post(address, {"confirmed": "yes"})
        assert not Pool.objects.exists()
        assert PatchSet.objects.filter(pk=pool.patch_set_id).exists()
        assert AuditEvent.objects.filter(verb="pool.deleted").count() == 1

    def test_used(self, study_admin):
        study = make_study("draft")
        pool = study.pools.first()
        address = reverse("readerstudy:pool_delete", args=[pool.slug])
        page = study_admin.post(address, {"confirmed": "yes"}, follow=True).content.decode()
        assert f"cannot be deleted: {study.name} draws from it" in page
        assert "Delete this pool" not in page
        assert Pool.objects.filter(pk=pool.pk).exists()


class TestList:
    def test_search_filter_and_next_step(self, study_admin):
        assert "No pool yet" in study_admin.get("/desk/pools/").content.decode()
        real, fake = make_pool(), make_pool("stylegan-2")
        page = study_admin.get("/desk/pools/", {"source": "stylegan-2"}).content.decode()
        assert f">{fake.name}</a>" in page
        assert f">{real.name}</a>" not in page

    def test_imported_patch_set_is_chosen(self, study_admin):
        make_pool()
        chosen = make_pool("wgan").patch_set
        page = study_admin.get("/desk/pools/", {"patch_set": chosen.pk}).content.decode()
        assert f'<option value="{chosen.pk}" selected>' in page


def make_copies(real: Pool) -> Pool:
    """Generated patches: the first is a copy of real patch 5, the second nearly one of real patch 0, others are new."""
    source = selectors.opened(real.patch_set)
    patches = make_patches(4, np.random.default_rng(99))
    patches[0] = source.patches[5]
    patches[1] = source.patches[0]
    patches[1, 0, 0, 0] = (patches[1, 0, 0, 0] + 500) % 1000
    row = PatchSet.objects.create(
        name="G", slug="g", source="g", status="finished", n_benign=4, created_at=NOW, sha256="1" * 64
    )
    with PatchSetWriter(row.folder, source="g") as writer:
        writer.add(patches, [PatchRow("", LesionClass.BENIGN)] * 4)
        writer.finish({})
    return pools.create(name="G", patch_set=row, by=ADMIN, now=NOW)


class TestNeighbours:
    def searched(self, client, pool, real):
        address = reverse("readerstudy:pool_neighbours", args=[pool.slug])
        client.post(address, {"reference": real.patch_set_id})
        tasks.find_neighbours(Neighbours.objects.get().pk)
        return Neighbours.objects.get()

    def test_copy_is_found_and_shown(self, study_admin):
        real = make_pool()
        pool = make_copies(real)
        row = self.searched(study_admin, pool, real)
        assert (row.status, row.summary["n_copies"]) == ("finished", 1)
        address = reverse("readerstudy:pool", args=[pool.slug])
        page = study_admin.get(address, {"order": "nearest"}).content.decode()
        assert page.index('id="patch-0"') < page.index('id="patch-1"') < page.index('id="patch-2"')
        assert "below it real patch 5, benign: <strong>the same pixels</strong>" in page
        picture = study_admin.get(reverse("readerstudy:pool_nearest", args=[pool.slug, 0]))
        own = study_admin.get(reverse("readerstudy:pool_patch", args=[real.slug, 5]))
        assert picture.content == own.content
        # One pixel of 6 x 64 x 64 differs: sqrt(500 ** 2 / 24576) = 3.19, or 500 less than 1000.
        found = selectors.described(pool, [1], neighbours=row)[0].neighbour
        assert found.distance == pytest.approx(500 / np.sqrt(6 * 64 * 64), rel=1e-6)
        assert found.is_close

    def test_other_frames_are_refused(self, study_admin):
        real = make_pool()
        pool = make_copies(real)
        PatchSet.objects.filter(pk=real.patch_set_id).update(status="running")
        address = reverse("readerstudy:pool_neighbours", args=[pool.slug])
        page = study_admin.post(address, {"reference": real.patch_set_id}, follow=True).content.decode()
        assert "Choose the real patches to compare with." in page

    def test_damaged_file_is_as_none(self, study_admin):
        real = make_pool()
        pool = make_copies(real)
        row = self.searched(study_admin, pool, real)
        row.path.write_bytes(row.path.read_bytes()[:-5])
        page = study_admin.get(reverse("readerstudy:pool", args=[pool.slug]))
        assert page.status_code == 200
        assert "below it" not in page.content.decode()

    def test_stop(self, study_admin):
        real = make_pool()
        pool = make_copies(real)
        address = reverse("readerstudy:pool_neighbours", args=[pool.slug])
        study_admin.post(address, {"reference": real.patch_set_id})
        study_admin.post(reverse("readerstudy:pool_neighbours_stop", args=[pool.slug]))
        row = Neighbours.objects.get()
        neighbouring.run(row.pk)
        assert Neighbours.objects.get().status == "stopped"
        assert not row.path.exists()
