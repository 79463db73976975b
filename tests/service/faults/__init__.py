"""Faults injected for real: processes killed, databases gone, disks full, clocks set wrong (docs/reliability.md)."""
