"""Numbers only: functions from arrays and rows to results; no Django, files of the shell, clock or global random state."""
