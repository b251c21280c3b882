"""How values of each kind of data are stored as Arrow columns: one file a kind. Light to import."""
