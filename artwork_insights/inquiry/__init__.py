"""One hypothesis through every estimator and every check: from cells to a finding."""
