"""Attacks on one estimate: what must not move it, and what must show nothing."""
