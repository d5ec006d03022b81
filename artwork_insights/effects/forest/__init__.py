"""Who responds: a causal forest that is honest across titles, and tests of whether what it sees is there."""
