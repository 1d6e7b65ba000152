"""Swappers, a file or folder per family."""
