"""Marks that nobody sees, a file per family of the networks that write and read them."""
