"""Landmarkers, a file per family."""
