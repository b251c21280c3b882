"""Thin shells: read files, call pure functions, write files. One file a DVC stage."""
