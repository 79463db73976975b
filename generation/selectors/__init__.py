"""Selectors read."""
