"""Becomes a program, after telling the kernel how it is to run: `python -I -S launch.py NICENESS SIGNAL SUPERVISOR PROGRAM...`.

A program of its own, which knows the standard library alone: code that ran between the fork and the program, inside a copy
of a supervisor with threads, could wait forever for a lock that one of those threads held.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(niceness: str, orphan_signal: str, supervisor: str, *argv: str) -> None:
    """Be nice, ask the kernel for a signal should the supervisor be killed without a chance to stop this, and become the program."""
    os.nice(int(niceness))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(orphan_signal))
        if os.getppid() != int(supervisor):  # it was killed before the kernel was asked
            sys.exit(1)
    os.execvp(argv[0], argv)  # noqa: S606


if __name__ == "__main__":
    main(*sys.argv[1:])
