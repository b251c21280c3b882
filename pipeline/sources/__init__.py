"""Raw formats in, one file each."""
