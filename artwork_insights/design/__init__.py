"""Who is compared with whom: assignment, folds, overlap, balance, pairs. Never sees an outcome."""
