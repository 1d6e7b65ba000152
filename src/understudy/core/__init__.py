"""Floor 0: values and errors. No I/O, cheap to import; everything above is built from these."""
