"""Floor 6: where a render runs."""
