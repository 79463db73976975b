"""The JSON interface of pools and studies, and its door: tokens, rights, rate."""
