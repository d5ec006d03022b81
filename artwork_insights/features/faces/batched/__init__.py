"""The cascade over many images at once, on whatever device torch has."""
