"""Why, and for whom: mediation and moderation."""
