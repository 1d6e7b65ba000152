"""What of a face may be changed, a file per kind."""
