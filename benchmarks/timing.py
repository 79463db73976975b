"""Interleaved timing, so that a busy machine slows every contestant alike."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Taken:
    """The least wall and processor seconds over all rounds; the latter do not count waiting for other programs."""

    wall: float
    processor: float


def interleaved(contestants: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, Taken]:
    """Run every contestant once per round."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            wall, processor = time.perf_counter(), time.process_time()
            run()
            taken[name].append((time.perf_counter() - wall, time.process_time() - processor))
    return {name: Taken(min(w for w, _ in found), min(p for _, p in found)) for name, found in taken.items()}


def table(
    title: str, taken: Mapping[str, Taken], *, baseline: str, notes: Mapping[str, str] | None = None
) -> str:
    """Write one line per contestant: wall and processor seconds, each with its ratio to the baseline."""
    lines = [f"{title}\n  {'':<48}{'wall':>9} {'ratio':>7} {'processor':>11} {'ratio':>7}"]
    first = taken[baseline]
    for name, found in taken.items():
        wall = f"{found.wall:8.3f}s {first.wall / found.wall:6.2f}x"
        processor = f"{found.processor:10.3f}s {first.processor / found.processor:6.2f}x"
        lines.append(f"  {name:<48}{wall} {processor}  {(notes or {}).get(name, '')}".rstrip())
    return "\n".join(lines)
