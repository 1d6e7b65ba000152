"""Floor 6: where work runs, behind one Executor protocol."""
