"""Detectors, a file per family."""
