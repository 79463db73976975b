import io

import numpy as np
import pytest
from PIL import Image

from readerstudy.core import png


class TestEncode:
    @pytest.mark.parametrize("shape", [(1, 1), (3, 5), (584, 1312)])
    def test_another_decoder_reads_the_pixels_back(self, shape):
        pixels = np.random.default_rng(0).integers(0, 256, size=shape, dtype=np.uint8)
        picture = Image.open(io.BytesIO(png.encode(pixels)))
        picture.load()
        assert (picture.format, picture.mode, picture.info) == ("PNG", "L", {})
        np.testing.assert_array_equal(np.asarray(picture), pixels)

    def test_noise_is_as_long_as_nothing(self):
        noise = np.random.default_rng(0).integers(0, 256, size=(912, 784), dtype=np.uint8)
        assert len(png.encode(noise)) == len(png.encode(np.zeros_like(noise)))

    def test_holds_three_chunks_and_nothing_else(self):
        # 8 signature, 12 around each of 3 chunks, 13 of IHDR; zlib 2 + 4, one stored block 5, one byte of filter a row.
        encoded = png.encode(np.zeros((10, 20), dtype=np.uint8))
        assert len(encoded) == 8 + 3 * 12 + 13 + 2 + 4 + 5 + 10 * 21

    def test_refuses_what_is_no_grey_picture(self):
        with pytest.raises(ValueError, match="3-dimensional uint8, not two"):
            png.encode(np.zeros((2, 2, 3), dtype=np.uint8))
