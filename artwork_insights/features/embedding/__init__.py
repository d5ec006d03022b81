"""A vector that describes the whole picture, by a network or without one."""
