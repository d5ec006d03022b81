"""What is measured on the whole picture: colour, composition, layout."""
