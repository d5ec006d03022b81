"""Impressions to take rates: raw, adjusted for the title's popularity, and shrunken for display."""
