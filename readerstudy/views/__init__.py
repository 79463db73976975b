"""Views: check, call one service or selector, render."""

from readerstudy.views import desk, invitations, pools, reading, studies

__all__ = ["desk", "invitations", "pools", "reading", "studies"]
