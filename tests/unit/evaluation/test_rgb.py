"""Three frames as red, green and blue."""

import numpy as np

from evaluation.core.rgb import to_rgb


class TestRgb:
    def test_fixed_mapping_of_three_frames(self) -> None:
        patch = np.zeros((1, 7, 2, 2), dtype=np.int16)
        patch[0, 0], patch[0, 1], patch[0, 2], patch[0, 3] = 1023, 512, 2, 700
        # x / 1023 * 255, rounded: 255, 127.6, .5 -> .499; T1_post2 is not used
        assert to_rgb(patch)[0, :, 0, 0].tolist() == [255, 128, 0]
        assert to_rgb(patch).dtype == np.uint8
