"""Advice on candidate artwork: the accepted findings of a finished run, applied to new images."""
