"""Rules of a reader study as pure functions: no Django, clock, global random state or print; what is needed is passed in."""
