"""Floor 5: frames and analysis rows in, changed frames out, stages overlapped."""
