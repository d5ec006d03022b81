"""Lettering found by a network: where each line of it stands, not what it says."""
