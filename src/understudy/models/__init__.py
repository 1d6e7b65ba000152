"""Floor 1: which weights exist, where they come from, how they run."""
