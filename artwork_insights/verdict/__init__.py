"""The verdict on one finding: rules as data, the judge who applies them, the words, and what to do next."""
