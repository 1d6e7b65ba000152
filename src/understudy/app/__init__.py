"""Floor 7: what the command line, the API and Python call."""
