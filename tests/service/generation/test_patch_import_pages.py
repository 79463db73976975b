"""The import of patches as an admin does it: look, say what is what, import."""

import io
import zipfile
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from generation import tasks
from generation.core.patch_set import open_patch_set
from generation.jobs import patch_copying, patch_looking
from generation.models import PatchImport, PatchSet
from generation.services import patch_imports
from tests.unit.generation.test_patch_set import make_patches

pytestmark = pytest.mark.django_db
NEW = "/desk/patch-imports/new/"


def zipped(patches, classes=("benign", "malignant", "no_findings")):
    """A ZIP with a folder around one .npy per patch in a sub-folder per class."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, patch in enumerate(patches):
            file = io.BytesIO()
            np.save(file, patch)
            packed.writestr(f"mine/{classes[number % len(classes)]}/s{number}.npy", file.getvalue())
    return archive.getvalue()


def upload(client, content, name="patches.zip"):
    return client.post(NEW, {"archive": SimpleUploadedFile(name, content), "folder": "", "pattern": ""})


def looked(client, content):
    assert upload(client, content).status_code == 302
    row = PatchImport.objects.get()
    tasks.look_at_patches(row.pk)
    row.refresh_from_db()
    return row


def filled(page, **changes):
    """What the form of a page holds, with changes."""
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in values.items() if value not in (None, False)}
    return {**sent, "source": "stylegan-2", **changes}


class TestImport:
    def test_from_upload_to_patch_set(self, study_admin, data_folder):
        patches = make_patches(6)
        row = looked(study_admin, zipped(patches))
        address = reverse("generation:patch_import", args=[row.pk])
        page = study_admin.get(address)
        assert "6 patches · NumPy, a file per patch" in page.content.decode()
        picture = study_admin.get(reverse("generation:patch_import_preview", args=[row.pk, 0]))
        assert Image.open(io.BytesIO(picture.content)).size == (7 * 128 + 6 * 4, 128)
        assert study_admin.post(address, filled(page, **{"import": ""})).status_code == 302
        made = PatchSet.objects.get()
        assert (made.status, made.task_name) == ("queued", "generation.copy_patches")
        tasks.copy_patches(made.pk)
        made.refresh_from_db()
        assert (made.status, made.source, made.n_benign, made.n_malignant) == ("finished", "stylegan-2", 2, 2)
        stored = open_patch_set(made.folder, verify=True).patches
        np.testing.assert_array_equal(stored, patches[[0, 3, 1, 4, 2, 5]])
        assert "Make a pool of it" in study_admin.get(address).content.decode()
        assert not row.folder.exists()
        assert list((data_folder / "patch_imports").iterdir()) == []

    def test_frames_of_another_kind(self, study_admin):
        """Three float frames of 96 x 80: named, turned round, one left out, mapped to 0 to 1023."""
        rng = np.random.default_rng(1)
        found = rng.uniform(10, 20, size=(3, 3, 96, 80)).astype(np.float32)
        row = looked(study_admin, zipped(found, ("tumour",)))
        address = reverse("generation:patch_import", args=[row.pk])
        page = study_admin.get(address)
        changes = {
            "frame_0": "ADC",
            "frame_1": "",
            "frame_2": "DWI",
            "order_0": 2,
            "order_2": 1,
            "scale": "range",
        }
        refused = study_admin.post(address, filled(page, **changes, **{"import": ""}))
        assert "Nothing says which lesion class &quot;tumour&quot; is" in refused.content.decode()
        ends = {"low_0": 10, "high_0": 20, "low_2": 10, "high_2": 20, "class_0": "malignant"}
        study_admin.post(address, filled(page, **changes, **ends, **{"import": ""}))
        made = PatchSet.objects.get()
        patch_copying.run(made.pk)
        folder = open_patch_set(PatchSet.objects.get().folder)
        assert folder.frame_set.names == ("DWI", "ADC")
        assert made.frames == folder.frame_set
        expected = np.rint((found[0, 2].astype(float) - 10) * 102.3)
        np.testing.assert_array_equal(folder.patches[0, 0], expected)

    @pytest.mark.parametrize("source", ["all", "balanced"])
    def test_source_named_like_a_sum_is_told_beside_its_field(self, study_admin, source):
        row = looked(study_admin, zipped(make_patches(3)))
        address = reverse("generation:patch_import", args=[row.pk])
        answer = study_admin.post(address, filled(study_admin.get(address), source=source, **{"import": ""}))
        [sentence] = answer.context["form"].errors["source"]
        assert sentence == (
            f'Source "{source}" is the name of results over several sources; give the generator another name, such as '
            f"{source}-gan."
        )
        assert not PatchSet.objects.exists()

    def test_preview_keeps_choices_and_imports_nothing(self, study_admin):
        row = looked(study_admin, zipped(make_patches(3)))
        address = reverse("generation:patch_import", args=[row.pk])
        sent = filled(study_admin.get(address), scale="each", preview="")
        assert study_admin.post(address, sent).status_code == 200
        row.refresh_from_db()
        assert row.mapping["scale"] == "each"
        assert not PatchSet.objects.exists()

    def test_second_click_makes_no_second_patch_set(self, study_admin):
        row = looked(study_admin, zipped(make_patches(3)))
        address = reverse("generation:patch_import", args=[row.pk])
        sent = filled(study_admin.get(address), **{"import": ""})
        study_admin.post(address, sent)
        study_admin.post(address, sent)
        assert PatchSet.objects.count() == 1

    def test_failed_import_leaves_nothing_and_can_be_tried_again(self, study_admin, monkeypatch):
        row = looked(study_admin, zipped(make_patches(3)))
        address = reverse("generation:patch_import", args=[row.pk])
        sent = filled(study_admin.get(address), **{"import": ""})
        study_admin.post(address, sent)

        def full(*args):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr("generation.core.patch_set.PatchSetWriter.add", full)
            patch_copying.run(PatchSet.objects.get().pk)
        made = PatchSet.objects.get()
        assert made.status == "failed"
        assert made.error.startswith("The disk is full (")
        assert not made.folder.parent.exists() or list(made.folder.parent.iterdir()) == []
        study_admin.post(address, sent)
        patch_copying.run(PatchSet.objects.order_by("-pk")[0].pk)
        assert PatchSet.objects.filter(status="finished").count() == 1

    def test_stop(self, study_admin, monkeypatch):
        upload(study_admin, zipped(make_patches(3)))
        row = PatchImport.objects.get()
        folder = row.folder
        study_admin.post(reverse("generation:patch_import_stop", args=[row.pk]))
        row.refresh_from_db()
        assert row.status == "stopped"
        assert not folder.exists()
        patch_looking.run(row.pk)  # the message that is still in the queue
        assert not folder.exists()

    def test_discard(self, study_admin):
        row = looked(study_admin, zipped(make_patches(3)))
        study_admin.post(reverse("generation:patch_import_discard", args=[row.pk]))
        assert not PatchImport.objects.exists()
        assert not row.folder.exists()


class TestSweep:
    def test_what_nobody_went_on_with_goes(self, study_admin, data_folder, settings, tmp_path):
        row = looked(study_admin, zipped(make_patches(1)))
        settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
        left = [data_folder / "patch_imports" / "unknown", settings.FILE_UPLOAD_TEMP_DIR / "x.upload.zip"]
        left[0].mkdir()
        left[1].parent.mkdir()
        left[1].write_bytes(b"PK")
        patch_imports.sweep(now=timezone.now())
        assert row.folder.exists()
        assert all(path.exists() for path in left)
        patch_imports.sweep(now=timezone.now() + timedelta(days=2))
        assert not PatchImport.objects.exists()
        assert not row.folder.exists()
        assert not any(path.exists() for path in left)


class TestRefusedUploads:
    def refusal(self, client, content):
        row = looked(client, content)
        assert row.status == "failed"
        assert not row.folder.exists()
        return row.error

    def test_no_zip(self, study_admin, data_folder):
        answer = upload(study_admin, b"\x89PNG not a zip")
        assert (answer.status_code, "is no ZIP" in answer.content.decode()) == (422, True)
        assert not PatchImport.objects.exists()
        assert not (data_folder / "patch_imports").exists()

    def test_too_large(self, study_admin, settings, data_folder):
        settings.MAX_UPLOAD_MB = 1
        answer = upload(study_admin, b"PK\x03\x04" + bytes(3 << 20))
        assert "larger than 1 MB" in answer.content.decode()
        assert not PatchImport.objects.exists()
        assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []

    def test_other_pages_take_small_files_only(self, study_admin, settings):
        study_admin.post("/desk/pools/", {"file": SimpleUploadedFile("x", bytes(17 << 20))})
        assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []

    def test_both_or_none(self, study_admin, tmp_path):
        sent = {"folder": str(tmp_path), "archive": SimpleUploadedFile("a.zip", b"PK\x03\x04")}
        for values in ({}, sent):
            assert "one of the two" in study_admin.post(NEW, values).content.decode()

    def test_bomb(self, study_admin):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("benign/a.npy", bytes(30 << 20))
        assert "unpacks to 30 MB" in self.refusal(study_admin, archive.getvalue())

    def test_name_that_leads_out(self, study_admin, data_folder):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("../../evil.npy", b"x")
        assert "leads out of its own folder" in self.refusal(study_admin, archive.getvalue())
        assert not list(data_folder.parent.rglob("evil.npy"))

    def test_truncated_zip(self, study_admin):
        assert "The ZIP is damaged" in self.refusal(study_admin, zipped(make_patches(2))[:-30])


class TestFolders:
    def test_only_below_the_roots(self, study_admin, settings, tmp_path):
        settings.IMPORT_ROOTS = [str(tmp_path / "scans")]
        (tmp_path / "scans").mkdir()
        (tmp_path / "elsewhere").mkdir()
        for inside in ("elsewhere", "scans/../elsewhere"):
            answer = study_admin.post(NEW, {"folder": f"{tmp_path}/{inside}"})
            assert "imports only from" in answer.content.decode()
        assert study_admin.post(NEW, {"folder": f"{tmp_path}/scans"}).status_code == 302

    def test_folder_is_forgotten_and_no_name_is_shown(self, study_admin, tmp_path, caplog):
        folder = tmp_path / "Muster^Erika" / "benign"
        folder.mkdir(parents=True)
        np.save(folder / "Muster^Erika.npy", make_patches(1)[0])
        (folder / "Muster^Emil.npy").write_bytes(b"\x93NUMPY\x01\x00broken")
        study_admin.post(NEW, {"folder": str(folder.parent)})
        row = PatchImport.objects.get()
        patch_looking.run(row.pk)
        page = study_admin.get(reverse("generation:patch_import", args=[row.pk])).content.decode()
        row.refresh_from_db()
        seen = f"{page} {row.error} {row.found} {caplog.text}"
        assert "Patch 1 of 2 in the order of names: the .npy is damaged" in page
        assert "Muster" not in seen
        study_admin.post(reverse("generation:patch_import_discard", args=[row.pk]))
        assert not PatchImport.objects.exists()
