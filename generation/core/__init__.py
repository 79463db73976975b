"""Pure functions and dataclasses: no Django, Celery, clock, global random state, environment or print."""
