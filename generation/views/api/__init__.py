"""The JSON interface of cohorts, patch sets, training runs and checkpoints; each address calls the service of its page."""
