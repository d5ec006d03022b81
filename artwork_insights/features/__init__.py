"""Images to numbers. The only package that touches pixels and networks."""
