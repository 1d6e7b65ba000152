"""What may not be shown: a module per family of networks that tell."""
