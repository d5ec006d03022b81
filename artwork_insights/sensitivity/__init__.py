"""How wrong could it be: E-value, robustness value, placebo, and the evidence for each assumption."""
