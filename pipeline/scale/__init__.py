"""Many processes and many devices."""
