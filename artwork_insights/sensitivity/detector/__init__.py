"""Detector error: what an effect would be if the component had been seen without mistakes."""
