"""What is let through, how it is marked, and who agreed to it."""
