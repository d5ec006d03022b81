"""Measure every image once: processes, shards, resume."""
