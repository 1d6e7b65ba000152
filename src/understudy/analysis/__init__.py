"""Floor 4: what is where, over time."""
