"""Faces in an image: the cascade of networks, and what is measured on its detections."""
