"""Floor 5: collections of faces."""
