"""Images: pixels of one size, grey or in colour."""
