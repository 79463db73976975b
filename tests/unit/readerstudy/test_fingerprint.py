from hashlib import sha256

import numpy as np
import pytest

from readerstudy.core.fingerprint import CaseTruth, study_fingerprint

PROTOCOL = {"seed": 1, "question": "Real?"}
CASES = [CaseTruth("c1", "test", "real", "benign"), CaseTruth("c2", "warm_up", "dcgan", "malignant")]
PIXELS = np.zeros((2, 7, 64, 64), np.int16)


def test_is_stable():
    # sha256 of the canonical JSON lines, each case's followed by its 57,344 zero bytes; computed with hashlib by hand.
    text = b'{"question":"Real?","seed":1}\n'
    zeros = bytes(57_344)
    whole = (
        text + b'["c1","test","real","benign"]\n' + zeros + b'["c2","warm_up","dcgan","malignant"]\n' + zeros
    )
    assert study_fingerprint(PROTOCOL, CASES, PIXELS) == sha256(whole).hexdigest()


def test_the_order_of_keys_does_not_matter():
    assert study_fingerprint(dict(reversed(PROTOCOL.items())), CASES, PIXELS) == study_fingerprint(
        PROTOCOL, CASES, PIXELS
    )


@pytest.mark.parametrize("what", ["pixel", "protocol", "truth"])
def test_one_change_changes_it(what):
    protocol, cases, pixels = dict(PROTOCOL), list(CASES), PIXELS.copy()
    if what == "pixel":
        pixels[1, 3, 20, 20] = 1
    elif what == "protocol":
        protocol["seed"] = 2
    else:
        cases[0] = CaseTruth("c1", "test", "wgan", "benign")
    assert study_fingerprint(protocol, cases, pixels) != study_fingerprint(PROTOCOL, CASES, PIXELS)


def test_refuses_cases_out_of_order_or_without_pixels():
    with pytest.raises(ValueError, match="order of their ids"):
        study_fingerprint(PROTOCOL, CASES[::-1], PIXELS)
    with pytest.raises(ValueError, match="2 cases came with 1 patches"):
        study_fingerprint(PROTOCOL, CASES, PIXELS[:1])
