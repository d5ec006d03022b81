"""Serving policy: whether an effect is the artwork's or that of the audience it was shown to."""
