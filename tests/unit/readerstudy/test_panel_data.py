import numpy as np

from generation.core.frames import SUB, T1_POST1, T1_PRE
from readerstudy.core import panel_data

NOISE = np.random.default_rng(3).integers(0, 1024, (7, 64, 64)).astype(np.int16)


class TestEncode:
    def test_is_little_endian_frame_by_frame_row_by_row(self):
        content = panel_data.encode(NOISE)
        assert len(content) == panel_data.N_BYTES == 57_344
        t2_row_1_column_2 = content[(64 + 2) * 2 : (64 + 2) * 2 + 2]
        assert int.from_bytes(t2_row_1_column_2, "little", signed=True) == NOISE[0, 1, 2]
        assert np.array_equal(np.frombuffer(content, "<i2").reshape(7, 64, 64)[:SUB], NOISE[:SUB])

    def test_subtraction_is_computed_from_the_frames_shown(self):
        frames = np.frombuffer(panel_data.encode(NOISE), "<i2").reshape(7, 64, 64)
        assert np.array_equal(frames[SUB], NOISE[T1_POST1] - NOISE[T1_PRE])

    def test_own_subtraction_is_sent_as_it_is(self):
        assert panel_data.encode(NOISE, own_subtraction=True) == NOISE.astype("<i2").tobytes()

    def test_leaves_the_patch_alone(self):
        patch = NOISE.copy()
        panel_data.encode(patch)
        assert np.array_equal(patch, NOISE)

    def test_reads_a_patch_that_nobody_may_write_to(self):
        patch = NOISE.copy()
        patch.flags.writeable = False
        assert panel_data.encode(patch) == panel_data.encode(NOISE)
