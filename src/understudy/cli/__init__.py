"""Floor 8: the command line; translates, and nothing else."""
