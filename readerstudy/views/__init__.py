"""Views: check, call one service or selector, render."""

from readerstudy.views import desk, invitations, operation, pools, reading, studies, tokens

__all__ = ["desk", "invitations", "operation", "pools", "reading", "studies", "tokens"]
