"""Enhancers, a file per family."""
