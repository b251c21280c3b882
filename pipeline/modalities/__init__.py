"""All that differs between kinds of data, one file each."""
