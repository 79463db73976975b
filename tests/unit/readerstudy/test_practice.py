"""The practice panel holds what there is to try, and has the form of every panel."""

import numpy as np

from generation.core.frames import DYNAMIC, MAX_INTENSITY, SUB, T1_POST1, T1_PRE, subtraction
from readerstudy.core import panel_data, practice


def signal_at(centre: tuple[int, int]) -> list[int]:
    """What the curve at the cursor shows: the dynamic frames at one place."""
    column, row = centre
    return [int(value) for value in practice.patch()[DYNAMIC, row, column]]


def test_has_the_form_of_a_patch():
    patch = practice.patch()
    assert (patch.shape, patch.dtype) == ((7, 64, 64), np.int16)
    assert patch[:SUB].min() >= 0
    assert patch[:SUB].max() <= MAX_INTENSITY
    assert np.array_equal(patch[SUB], subtraction(patch))


def test_goes_to_the_viewer_in_as_many_bytes_as_every_panel():
    assert len(panel_data.encode(practice.patch())) == 57_344


def test_is_the_same_at_every_call_and_cannot_be_changed():
    first = practice.patch().tobytes()
    practice.patch.cache_clear()
    assert practice.patch().tobytes() == first
    assert not practice.patch().flags.writeable


def test_discs_show_the_three_types_of_curve():
    """BI-RADS: from the first minutes on persistent rises, plateau stays within 10 %, washout falls by 10 % or more."""
    persistent, plateau, washout = (signal_at(centre) for centre in practice.CENTRES)
    assert persistent == sorted(persistent)
    assert persistent[-1] > 1.1 * persistent[1]
    assert abs(plateau[-1] - plateau[1]) < 0.1 * plateau[1]
    assert washout[-1] < 0.9 * washout[1]
    for curve in (persistent, plateau, washout):
        assert curve[0] == practice.GROUND  # not seen before the contrast agent


def test_only_the_discs_take_up_contrast_agent():
    patch = practice.patch().astype(int)
    rises = patch[T1_POST1] != patch[T1_PRE]
    assert 0.1 < rises.mean() < 0.2
    assert not rises[24:].any()


def test_wedge_has_eight_steps():
    row = practice.patch()[T1_PRE, 50, 4:60]
    assert np.array_equal(np.unique(row), 100 * np.arange(8))
