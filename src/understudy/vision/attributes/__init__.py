"""What a face looks like: a module per family."""
