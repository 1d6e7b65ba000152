"""The quality report: how far a result can be trusted, and where to look at it."""
