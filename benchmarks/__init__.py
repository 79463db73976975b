"""Speed of the parts that were made fast, each against a named baseline in the same run."""
