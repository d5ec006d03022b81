"""Synthetic artwork whose faces and colours are known."""
