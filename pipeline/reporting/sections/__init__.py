"""The sections of the report, one noun a file, in the order in which they are read."""
