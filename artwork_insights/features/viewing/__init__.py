"""Pictures for people: contact sheets and thumbnails."""
