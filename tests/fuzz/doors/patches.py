"""Doors of patches: folders in every format, uploaded ZIPs, patch sets, frame sets."""

import io
import json
import shutil
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from generation.core import frame_set_json
from generation.core.errors import InputError
from generation.core.foreign import archive, copying, files, found, proposal, survey
from generation.core.foreign.files import SourceFile
from generation.core.frames import assemble
from generation.core.labels import LESION_CLASSES
from generation.core.patch_set import PatchRow, PatchSetWriter, open_patch_set
from tests import dicom_scans
from tests.fuzz import spoiling
from tests.fuzz.doors import SAID_NAME, Door
from tests.fuzz.doors.scans import made
from tests.fuzz.tree import Tree
from tests.scans import to_image

N_FRAMES, SIDE = 3, 20
MAX_UNPACKED = 64 << 20


def _frames(seed: int, dtype: type = np.uint16, n: int = N_FRAMES) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 1000, (n, SIDE, SIDE)).astype(dtype)


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _picture(array: np.ndarray, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


def _stack(seed: int, compression: str) -> bytes:
    buffer = io.BytesIO()
    pages = [Image.fromarray(page) for page in _frames(seed)]
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:], compression=compression)
    return buffer.getvalue()


@cache
def npy_samples() -> list[Tree]:
    """One array with a table; a file per patch in folders of classes, and named by classes and patients."""
    table = "file,lesion_class,patient,lesion_id,slice,row,col\n,benign,P1,1,2,3,4\n,malignant,P2,,,,\n"
    array = np.stack([_frames(0, np.float32), _frames(1, np.float32)])
    return [
        {"patches.npy": _npy(array), "index.csv": table.encode()},
        {"benign/1.npy": _npy(_frames(0)), "malignant/2.npy": _npy(_frames(1, np.uint8))},
        {f"{SAID_NAME}_malignant_1.npy": _npy(_frames(0)), f"{SAID_NAME}_benign_2.npy": _npy(_frames(1, np.int64))},
        {"benign/c1/T2.npy": _npy(_frames(0)[0]), "benign/c1/DWI.npy": _npy(_frames(1)[0])},
    ]  # fmt: skip


@cache
def picture_samples() -> list[Tree]:
    """PNG with a file per frame, TIFF with a page per frame."""
    pages = {
        f"{word}/c{n}/{name}.png": _picture(_frames(n)[place], "PNG")
        for n, word in enumerate(("benign", "malignant"))
        for place, name in enumerate(("T2", "T1_pre"))
    }
    stacks = {"benign/1.tif": _stack(0, "raw"), "malignant/2.tif": _stack(1, "tiff_lzw")}
    grey = {
        "benign_1.png": _picture(_frames(0, np.uint8)[0], "PNG"),
        "malignant_2.png": _picture(_frames(1, np.uint8)[0], "PNG"),
    }
    return [pages, stacks, {"benign/1.tif": _stack(0, "tiff_adobe_deflate")}, grey]


@cache
def nifti_samples() -> list[Tree]:
    """Frames as slices, packed and plain."""
    import SimpleITK as sitk

    def write(folder: Path) -> None:
        for number, (word, suffix) in enumerate((("benign", ".nii.gz"), ("malignant", ".nii"))):
            (folder / word).mkdir()
            sitk.WriteImage(to_image(_frames(number, np.int16)), str(folder / word / f"{SAID_NAME}{suffix}"))

    both = made(write)
    return [both, *({name: content} for name, content in both.items())]


@cache
def dicom_samples() -> list[Tree]:
    """Multi-frame DICOM with slopes."""

    def write(folder: Path) -> None:
        for number, word in enumerate(("benign", "malignant")):
            ds = dicom_scans.base()
            ds.RescaleSlope, ds.RescaleIntercept = 2.0, -5.0
            item, group = Dataset(), Dataset()
            item.RescaleSlope, item.RescaleIntercept = 1.5, 0.0
            group.PixelValueTransformationSequence = [item]
            ds.SharedFunctionalGroupsSequence = [group]
            dicom_scans.add_pixels(ds, _frames(number))
            ds.NumberOfFrames = N_FRAMES
            (folder / word).mkdir()
            ds.save_as(folder / word / f"{number}.dcm", enforce_file_format=True)

    return [made(write)]


def import_patches(folder: Path, data: Path) -> None:
    """A folder: looked at, mapped as proposed, stored."""
    _store(files.of_folder(folder), data)


def _store(listed: tuple[SourceFile, ...], data: Path) -> None:
    patches = found.find(listed)
    seen, previews = survey.look(patches)
    json.dumps(seen.as_dict(), allow_nan=False).encode()  # as the row keeps it
    if seen.n_faults:
        raise InputError(seen.faults[0])
    mapping = proposal.propose(seen)
    for preview in previews:
        mapping.apply(preview)
    data.mkdir(exist_ok=True)
    copying.copy(patches, mapping, data / "set", source="real", listed=listed)


@cache
def zip_samples() -> list[Tree]:
    """What other doors take as folders."""
    return [*npy_samples(), *picture_samples(), *nifti_samples()[:1], *dicom_samples()]


def spoil_zip(tree: Tree, rng: Random) -> Tree:
    """A ZIP of a tree, spoilt."""
    return {"upload.zip": spoiling.zipped(tree, rng)}


def unpack(folder: Path, data: Path) -> None:
    """An archive: unpacked, then as a folder; its files go where an import is refused."""
    home = folder.with_name("unpacking")
    home.mkdir()
    try:
        if not (folder / "upload.zip").is_file() or not archive.is_zip(
            (folder / "upload.zip").read_bytes()[:4]
        ):
            raise InputError("The uploaded file is no ZIP.")
        _store(archive.unpack(folder / "upload.zip", home / "files", max_bytes=MAX_UNPACKED), data)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@cache
def patch_set_samples() -> list[Tree]:
    """A patch set of this software."""
    rng = np.random.default_rng(1)

    def write(folder: Path) -> None:
        with PatchSetWriter(folder / "set", source="real") as writer:
            patches = assemble(rng.integers(0, 1024, (3, 6, 64, 64), dtype=np.int16))
            writer.add(patches, [PatchRow(f"P{n}", one) for n, one in enumerate(LESION_CLASSES)])
            writer.finish({"split": {"train": ["P0"], "test": ["P1"]}})

    return [{name.removeprefix("set/"): content for name, content in made(write).items()}]


def open_set(folder: Path, data: Path) -> None:
    """A patch set that somebody copied here."""
    opened = open_patch_set(folder)
    opened.patients()
    opened.patches[:].max()


@cache
def frame_set_samples() -> list[Tree]:
    """Frame sets: the smallest, and one with everything."""
    small = {"names": ["T2", "DWI"], "height": 64, "width": 64}
    large = {
        "names": ["pre", "post1", "post2", "Sub"], "height": 32, "width": 48, "windows": ["T1", "T1", "T1", "Sub"],
        "limits": [[0, 1023], [0, 1023], [0, 1023], [-1023, 1023]], "dynamic": ["pre", "post1", "post2"], "seconds": [0, 60.5, 120],
        "subtractions": [["Sub", "post1", "pre"]], "rows": [["pre", "post1"], ["post2", "Sub"]],
    }  # fmt: skip
    return [{"frames.json": json.dumps(one).encode()} for one in (small, large)]


def read_frame_set(folder: Path, data: Path) -> None:
    """frames.json of `import_patches --like`."""
    frame_set_json.read_file(folder / "frames.json").to_json()


DOORS = [
    Door("patches: .npy", 6_000, npy_samples, import_patches),
    Door("patches: PNG and TIFF", 7_000, picture_samples, import_patches),
    Door("patches: NIfTI", 3_000, nifti_samples, import_patches),
    Door("patches: DICOM", 3_000, dicom_samples, import_patches),
    Door("patches: ZIP", 6_000, zip_samples, unpack, spoil_zip),
    Door("patch set", 2_500, patch_set_samples, open_set, is_typed=True),
    Door("frame set", 2_500, frame_set_samples, read_frame_set, is_typed=True),
]
