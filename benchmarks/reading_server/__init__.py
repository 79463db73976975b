"""Parts of the benchmark of the reading room's server; each runs in a process of its own."""
