"""Parts of the benchmark of growth; each runs in a process of its own, for the instance that its environment names."""

import django

django.setup()
