"""Patches of one content in every format and layout."""

from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from generation.core.frames import SCANNED_FRAMES

Patch = NDArray[np.int16]
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"


def npy(patch: Patch, path: Path) -> None:
    np.save(path.with_suffix(".npy"), patch)


def nifti(patch: Patch, path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(patch), str(path.with_name(path.name + ".nii.gz")))


def nifti_in_time(patch: Patch, path: Path) -> None:
    """A 4D file: one slice at several points in time."""
    image = sitk.JoinSeries([sitk.GetImageFromArray(frame[None]) for frame in patch])
    sitk.WriteImage(image, str(path.with_name(path.name + ".nii")))


def tiff(patch: Patch, path: Path) -> None:
    pages = [Image.fromarray(frame.astype(np.uint16)) for frame in patch]
    pages[0].save(path.with_suffix(".tif"), save_all=True, append_images=pages[1:])


def png_per_frame(patch: Patch, path: Path) -> None:
    path.mkdir()
    for name, frame in zip(SCANNED_FRAMES, patch, strict=False):
        Image.fromarray(frame.astype(np.uint16)).save(path / f"{name}.png")


def nifti_per_frame(patch: Patch, path: Path) -> None:
    path.mkdir()
    for name, frame in zip(SCANNED_FRAMES, patch, strict=False):
        sitk.WriteImage(sitk.GetImageFromArray(frame), str(path / f"{name}.nii.gz"))


def dicom(patch: Patch, path: Path, *, name: str = "Muster^Erika", **changes: object) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ENHANCED_MR
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = ENHANCED_MR, meta.MediaStorageSOPInstanceUID
    data.PatientName, data.PatientID, data.Modality = name, "4711007", "MR"
    data.NumberOfFrames, data.Rows, data.Columns = patch.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.PixelData = patch.astype("<i2").tobytes()
    for key, value in changes.items():
        setattr(data, key, value)
    pydicom.dcmwrite(path.with_suffix(".dcm"), data)


ALL = (npy, nifti, nifti_in_time, tiff, png_per_frame, nifti_per_frame, dicom)
