"""Which components are worth a hypothesis: screened on one half of the titles, confirmed on the other."""
