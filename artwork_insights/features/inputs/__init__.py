"""From files to pixels: which images there are, where they lie, and how they are decoded."""
