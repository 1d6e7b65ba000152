"""Floor 5: from a resolved plan to a published file."""
