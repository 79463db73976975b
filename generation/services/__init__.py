"""Services write: keyword-only, one transaction, a sentence."""
