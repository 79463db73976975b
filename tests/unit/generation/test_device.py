"""Where a worker computes: what is asked of torch, and what is said where it cannot be had."""

import pytest
import torch
from django.conf import LazySettings

from generation.core.errors import InputError
from generation.jobs import device


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.mark.usefixtures("two_gpus")
class TestDeviceThatIsNotThere:
    def test_a_number_beyond_the_last_is_refused(self, settings: LazySettings) -> None:
        settings.TORCH_DEVICE = "cuda:2"
        with pytest.raises(
            InputError, match="cuda:2 is asked for, but torch finds 2 CUDA devices here, counted from cuda:0"
        ):
            device.prepare()

    def test_a_process_beyond_the_last_is_refused(
        self, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.TORCH_DEVICE = "auto"
        monkeypatch.setenv("LOCAL_RANK", "2")
        with pytest.raises(InputError, match="start one process for each with torchrun"):
            device.prepare()
