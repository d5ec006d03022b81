"""How much: cross-fitted average, group and conditional effects on take rate."""
