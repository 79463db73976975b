import numpy as np
import pytest

from generation.core import frames


def make_scanned(value_by_frame: dict[str, int]) -> np.ndarray:
    scanned = np.zeros((2, 6, 64, 64), np.int16)
    for name, value in value_by_frame.items():
        scanned[:, frames.FRAMES.index(name)] = value
    return scanned


def test_frames_are_in_the_order_of_a_patch() -> None:
    assert frames.FRAMES == ("T2", "T1_pre", "T1_post1", "T1_post2", "T1_post3", "T1_post4", "Sub")


def test_subtraction_is_post1_minus_pre() -> None:
    patches = frames.assemble(make_scanned({"T1_pre": 900, "T1_post1": 100}))
    assert patches.dtype == np.int16
    assert (patches[:, frames.SUB] == -800).all()


def test_network_range_ends_at_one() -> None:
    patches = frames.assemble(make_scanned({"T2": 1023, "T1_pre": 0, "T1_post1": 1023}))
    scaled = frames.to_network(patches)
    assert scaled[0, frames.T2].max() == pytest.approx(1.0)  # 1023 / 511.5 - 1
    assert scaled[0, frames.T1_PRE].min() == pytest.approx(-1.0)
    assert scaled[0, frames.SUB].max() == pytest.approx(1.0)  # 1023 / 1023


def test_every_stored_integer_survives_the_round_trip() -> None:
    patches = np.zeros((1, 7, 64, 64), np.int16)
    patches[0, :6] = np.arange(4096).reshape(64, 64) % 1024
    patches[0, 6] = np.arange(4096).reshape(64, 64) % 2047 - 1023
    assert (frames.from_network(frames.to_network(patches)) == patches).all()


def test_outputs_beyond_tanh_are_clipped() -> None:
    outputs = np.full((1, 7, 64, 64), 3.0, np.float32)
    assert frames.from_network(outputs).max() == 1023
    assert frames.from_network(-outputs)[0, frames.SUB].min() == -1023
    assert frames.from_network(-outputs)[0, frames.T2].min() == 0
