"""Figures of the report, drawn to be printed: every one a function from numbers to SVG text."""
