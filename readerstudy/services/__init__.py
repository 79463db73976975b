"""Services write: keyword-only, one transaction, an audit line in the same transaction."""
