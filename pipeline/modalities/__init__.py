"""All that differs between kinds of data: a package for each, behind one contract."""
