"""How a released set of each kind of data is told, exported and loaded. Light to import."""
