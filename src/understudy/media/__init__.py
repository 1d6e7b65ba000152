"""Floor 2: files and streams; knows nothing of faces."""
