"""Multi-reader multi-case analysis: what a panel of readers says about readers and cases that were not there."""
