"""Upscalers of whole pictures, a file per family."""
