"""How much memory this process and its device hold."""

import re
from pathlib import Path
from typing import Final

import torch

_STATUS: Final = Path("/proc/self/status")


def private_bytes() -> int | None:
    """Private anonymous memory of this process; pages of mapped files are the system's. None where Linux is not."""
    try:
        found = re.search(r"^RssAnon:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(found.group(1)) * 1024 if found else None


class PeakMemory:
    """The most that was held at any look, and on CUDA the most that was ever allocated."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._private = 0
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        self.look()

    def look(self) -> None:
        """Look at the private memory now."""
        self._private = max(self._private, private_bytes() or 0)

    def facts(self) -> dict[str, int]:
        """Bytes by name: `private`, and on CUDA `device`."""
        self.look()
        facts = {"private": self._private}
        if self._device.type == "cuda":
            facts["device"] = int(torch.cuda.max_memory_allocated(self._device))
        return facts
