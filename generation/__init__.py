"""From scans to patches, from patches to generators, from generators to pools of synthetic patches."""
