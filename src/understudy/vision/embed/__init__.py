"""Embedders, a file per family."""
