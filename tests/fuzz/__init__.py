"""A fuzzer of everything that takes files or text from outside: valid samples, spoilt in thousands of ways.

`python -m tests.fuzz` (or `make fuzz`) runs it, docs/fuzzing.md says what it demands and what it found.
"""
