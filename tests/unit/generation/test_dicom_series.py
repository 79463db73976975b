"""What a series is: T2 chosen, diffusion, derived images and screenshots left out with a reason; geometry by coordinates."""

from functools import partial

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from generation.core import layouts, volumes
from generation.core.dicom import headers, pixels, values
from generation.core.dicom.geometry import place
from generation.core.errors import InputError
from generation.core.import_options import ImportOptions
from tests import dicom_scans as scans

KEY = b"a secret of this test"
OPTIONS = ImportOptions(key=KEY)


def read(folder, options=OPTIONS):
    (patient,) = layouts.find(folder, options).patients
    return patient.read(options)


def told(folder):
    return "\n".join(read(folder).facts.found)


@pytest.fixture
def study(tmp_path):
    return scans.make_study(tmp_path / "p")


LEFT_OUT = {
    "ADC": (
        {"ImageType": ["DERIVED", "PRIMARY", "DIFFUSION", "ADC", "ND"], "ScanningSequence": "EP"},
        "diffusion (ImageType ADC, DIFFUSION)",
    ),
    "diffusion by b-value": ({"DiffusionBValue": 800.0}, "diffusion (b-value or description)"),
    "echo-planar": ({"ScanningSequence": "EP"}, "echo-planar imaging"),
    "subtraction": ({"ImageType": ["DERIVED", "SECONDARY", "SUBTRACT"]}, "not as scanned (ImageType DERIVED"),
    "MIP": (
        {"ImageType": ["DERIVED", "SECONDARY", "MIP"]},
        "not as scanned (ImageType DERIVED, MIP, SECONDARY)",
    ),
    "subtraction by name": ({"SeriesDescription": "Hildegard SUB 1-0"}, 'by its description ("sub")'),
    "phase image": ({"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}, "no magnitude image (ImageType P)"),
    "burned in": ({"BurnedInAnnotation": "YES"}, "text is burned into its pixels (0028,0301)"),
    "T2*": ({"EchoTime": 25.0}, "T2*-weighted"),
    "T1 spin echo": (
        {"ScanningSequence": "SE", "EchoTime": 12.0},
        "its echo time is 12 ms; T2 needs at least 60 ms",
    ),
    "no place": ({"ImagePositionPatient": None}, "do not say where they lie"),
    "another contrast grid": (
        {"RepetitionTime": 400.0},
        "but its place, matrix or sequence is not that of the dynamic",
    ),
}


class TestLeftOut:
    @pytest.mark.parametrize("name", LEFT_OUT)
    def test_with_a_reason(self, study, name):
        tags, reason = LEFT_OUT[name]
        scans.write_series(study / "x", 77, scans.volume(3), tags=tags)
        sentences = [one for one in read(study).facts.found if one.startswith("Series 77 ")]
        assert len(sentences) == 1
        assert "is not taken" in sentences[0]
        assert reason in sentences[0]

    def test_screenshot(self, study):
        def shoot(ds, index):
            ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = scans.SECONDARY_CAPTURE
            ds.Modality = "OT"

        scans.write_series(study / "x", 77, scans.volume(), edit=shoot)
        assert "Series 77 is not taken: a screenshot (Secondary Capture), no measured image." in told(study)

    def test_eight_bit_phase_is_missed_with_its_reason(self, study):
        def shrink(ds, index):
            ds.BitsAllocated = ds.BitsStored = 8
            ds.HighBit = 7
            ds.PixelData = np.zeros((scans.ROWS, scans.COLUMNS), np.uint8).tobytes()

        scans.write_series(study / "s4", 14, scans.volume(), edit=shrink)
        with pytest.raises(
            InputError,
            match=r"only 3 post-contrast .*series 14: left out as it has 8 bits per pixel, as screenshots have",
        ):
            read(study)

    def test_localizer_in_three_planes(self, study):
        for number, cosines in enumerate(([1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1])):
            scans.write_series(study / "loc", 1, scans.volume()[:1], tags={"ImageOrientationPatient": cosines, "SeriesInstanceUID": "1.9"}, first_instance=number)  # fmt: skip
        assert told(study).count("Series 1 is not taken") == 3

    def test_dixon_water_and_fat_are_told_apart(self, tmp_path):
        for phase in range(5):
            for kind, number in (("W", 10), ("F", 30)):
                tags = {"ImageType": ["ORIGINAL", "PRIMARY", "DIXON", kind], "AcquisitionTime": scans._tm(36_000 + 70 * phase)}  # fmt: skip
                scans.write_series(
                    tmp_path / "p" / f"{kind}{phase}", number + phase, scans.volume(phase), tags=tags
                )
        scans.write_t2(tmp_path / "p" / "t2")
        with pytest.raises(InputError, match="there are 2 dynamic acquisitions"):
            read(tmp_path / "p")


class TestT2:
    def test_missing_is_refused_with_the_mend(self, tmp_path):
        scans.write_phases(tmp_path / "p")
        with pytest.raises(
            InputError,
            match=r"no T2 was found .*add it, or import the whole cohort without T2 \(found: series 10",
        ):
            read(tmp_path / "p")

    def test_cohort_without_t2_has_a_black_frame_and_says_so(self, tmp_path):
        scans.write_phases(tmp_path / "p")
        scan = read(tmp_path / "p", ImportOptions(key=KEY, without_t2=True))
        assert not volumes.voxels(scan.images["T2"]).any()
        assert not scan.facts.has_t2
        assert any("imported without T2" in sentence for sentence in scan.facts.found)

    def test_axial_without_fat_suppression_is_preferred(self, study):
        scans.write_t2(study / "fs", 91, tags={"ScanOptions": "FS"})
        scans.write_t2(study / "sag", 92, tags={"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]})
        sentences = told(study)
        assert "T2 is series 90 " in sentences
        assert "Series 91 is not taken: series 90 is the better T2" in sentences
        assert "Series 92 is not taken: its slices are tilted by 90 degrees" in sentences

    def test_research_mode_of_ge_is_known_by_its_times(self, tmp_path):
        scans.write_t2(
            scans.write_phases(tmp_path / "p") / "t2", tags={"ScanningSequence": "RM", "SequenceName": ""}
        )
        assert "an echo time of 110 ms and a repetition time of 4000 ms are a T2 spin echo's" in told(
            tmp_path / "p"
        )

    def test_elsewhere_is_refused(self, tmp_path):
        scans.write_t2(scans.write_phases(tmp_path / "p") / "t2", origin=(-111.0, -96.0, 200.0))
        with pytest.raises(InputError, match=r"no T2 was found.*covers 0% of the dynamic volume"):
            read(tmp_path / "p")

    def test_other_frame_of_reference_is_doubted(self, tmp_path):
        scans.write_t2(scans.write_phases(tmp_path / "p") / "t2", tags={"FrameOfReferenceUID": "1.2.9"})
        assert "BUT another frame of reference" in told(tmp_path / "p")


class TestGeometry:
    @pytest.mark.parametrize(
        "cosines", [[1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0.91844636706283, -0.3955455357214], [0, 1, 0, 0, 0, -1]]
    )
    def test_volume_is_where_the_series_reader_of_itk_puts_it(self, tmp_path, cosines):
        """Independent reference: ITK's own reader of DICOM series."""
        normal = np.cross(cosines[:3], cosines[3:])

        def tilt(ds, index):
            ds.ImageOrientationPatient = cosines
            ds.ImagePositionPatient = [*(np.array([-100.0, -90.0, 5.0]) + normal * scans.SLICE_MM * index)]

        tags = {"PatientID": "x"}
        for phase in range(5):
            scans.write_series(tmp_path / "p" / f"s{phase}", 10 + phase, scans.volume(phase), tags=tags | {"AcquisitionTime": scans._tm(36_000 + 70 * phase)}, edit=tilt)  # fmt: skip
        image = read(tmp_path / "p", ImportOptions(key=KEY, without_t2=True)).images["T1_post2"]
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path / "p" / "s2")))
        expected = reader.Execute()
        np.testing.assert_array_equal(volumes.voxels(image), sitk.GetArrayFromImage(expected))
        for index in ((0, 0, 0), (55, 47, 5), (3, 40, 2)):
            assert image.TransformIndexToPhysicalPoint(index) == pytest.approx(
                expected.TransformIndexToPhysicalPoint(index), abs=1e-6
            )

    def test_missing_slice_in_every_phase(self, study):
        for path in study.rglob("*-0003.dcm"):
            path.unlink()
        with pytest.raises(
            InputError, match=r"slices 2 and 3 of series 10 lie 12\.00 mm apart where 6\.00 mm is usual"
        ):
            read(study)

    def test_missing_slice_in_one_phase(self, study):
        next((study / "s2").glob("*-0003.dcm")).unlink()
        with pytest.raises(InputError, match=r"series 12: 1 phase of 5 slices"):
            read(study)

    def test_missing_image_in_one_series_of_all_phases(self, tmp_path):
        scans.write_t2(scans.write_one_series(tmp_path / "p", lambda p: {"TriggerTime": 70_000.0 * p}) / "t2")
        next((tmp_path / "p" / "dyn").glob("*-0009.dcm")).unlink()
        with pytest.raises(
            InputError,
            match="slice 3 of 6 of series 20 has 4 images where 5 is usual, one per phase; 1 is missing",
        ):
            read(tmp_path / "p")

    def test_philips_scale_slope_makes_series_comparable(self, tmp_path):
        """Chenevert 2014: measured value = stored value / scale slope when the rescale slope is only for display."""

        def scale(phase, ds, index):
            ds.RescaleSlope, ds.RescaleIntercept = 2.0, 0.0
            ds.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
            ds.add_new(0x2005100E, "FL", 1.0 + phase)

        for phase in range(5):
            voxels = scans.volume(phase) * (1 + phase)
            scans.write_series(tmp_path / "p" / f"s{phase}", 10 + phase, voxels, tags={"AcquisitionTime": scans._tm(36_000 + 70 * phase)}, edit=partial(scale, phase))  # fmt: skip
        scan = read(tmp_path / "p", ImportOptions(key=KEY, without_t2=True))
        np.testing.assert_allclose(volumes.voxels(scan.images["T1_post4"]), scans.volume(4), rtol=1e-6)

    def test_compressed_files_give_the_same_voxels(self, study):
        expected = read(study).sha256
        for path in study.rglob("*.dcm"):
            ds = pydicom.dcmread(path)
            ds.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
            ds.save_as(path)
        assert read(study).sha256 == expected

    @pytest.mark.parametrize("compressor", ["JPEG", "JPEG2000"])
    def test_jpeg_kinds_keep_stored_values_and_their_scale(self, tmp_path, compressor):
        """Encoded by ITK, put into the original header; value = 2 * stored - 5."""
        tags = {"RescaleSlope": 2.0, "RescaleIntercept": -5.0}
        for path in scans.write_series(tmp_path / "x", 1, scans.volume(1), tags=tags).iterdir():
            ds = pydicom.dcmread(path)
            writer = sitk.ImageFileWriter()
            writer.SetImageIO("GDCMImageIO")
            writer.SetFileName(str(tmp_path / "encoded.dcm"))
            writer.UseCompressionOn()
            writer.SetCompressor(compressor)
            writer.Execute(sitk.GetImageFromArray(ds.pixel_array[None]))
            encoded = pydicom.dcmread(tmp_path / "encoded.dcm")
            ds.file_meta.TransferSyntaxUID, ds.PixelData = (
                encoded.file_meta.TransferSyntaxUID,
                encoded.PixelData,
            )
            ds["PixelData"].is_undefined_length = True
            ds.save_as(path)
        found = [
            image
            for path in sorted((tmp_path / "x").iterdir())
            for image in headers.read_images(path, key=KEY)
        ]
        assert found[0].transfer_syntax.startswith("1.2.840.10008.1.2.4.")
        np.testing.assert_array_equal(pixels.read_planes(found), 2.0 * scans.volume(1) - 5)


WIDTH_MM, HEIGHT_MM = scans.SPACING_MM[1] * (scans.COLUMNS - 1), scans.SPACING_MM[0] * (scans.ROWS - 1)


class TestPlaceOfPhases:
    @pytest.mark.parametrize(
        ("orientation", "moved_mm"),
        [
            pytest.param([1, 0, 0, 0, 1, 0], (40.0, 0.0), id="shifted"),
            pytest.param([-1, 0, 0, 0, -1, 0], (WIDTH_MM, HEIGHT_MM), id="turned by half"),
            pytest.param([-1, 0, 0, 0, 1, 0], (WIDTH_MM, 0.0), id="mirrored, slices symmetric about 0"),
        ],
    )
    def test_a_phase_that_lies_elsewhere_is_refused(self, study, orientation, moved_mm):
        """Its voxels on the grid of T1_pre would be other places of the breast."""
        for path in (study / "s1").iterdir():
            x, y, z = map(float, pydicom.dcmread(path).ImagePositionPatient)
            scans.edit_file(
                path,
                ImageOrientationPatient=orientation,
                ImagePositionPatient=[x + moved_mm[0], y + moved_mm[1], z],
            )
        with pytest.raises(
            InputError,
            match=r"T1_post1 \(series 11\) lies up to \d+\.\d mm from T1_pre \(series 10\) or is turned against it, and at most 2\.0 mm",
        ):
            read(study)

    def test_rounding_of_positions_is_no_other_place(self, study):
        for path in (study / "s1").iterdir():
            x, y, z = map(float, pydicom.dcmread(path).ImagePositionPatient)
            scans.edit_file(path, ImagePositionPatient=[x + 0.04, y - 0.04, z])
        assert read(study).geometry()["T1"]


class TestValues:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("125705.315000", 46_625.315),
            ("1257", 46_620.0),
            ("12", 43_200.0),
            ("12:57:05", 46_625.0),
            ("20190305125705.5+0100", 46_625.5),
            ("", None),
            (None, None),
            ("Hildegard", None),
        ],
    )
    def test_seconds_of_day(self, text, seconds):
        """12 * 3600 + 57 * 60 + 5 = 46,625."""
        assert values.seconds_of_day(text) == (None if seconds is None else pytest.approx(seconds))

    def test_times_go_on_past_midnight(self):
        assert values.unwrapped([86_300.0, 86_370.0, 40.0]) == [86_300.0, 86_370.0, 86_440.0]

    def test_only_known_words_of_a_description_are_kept(self):
        assert values.known_words("ZWEIGELT Hildegard t2_tse_TRA", "Zweigelt dyn") == (
            "t2",
            "tse",
            "tra",
            "dyn",
        )


def test_header_keeps_nothing_of_the_patient(study):
    (image,) = headers.read_images(next((study / "s0").iterdir()), key=KEY)
    text = repr(image).replace(repr(image.path), "")
    assert not [planted for planted in scans.PLANTED if planted.lower() in text.lower()]
    assert place(image) == -15.0
