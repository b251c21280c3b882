"""Tables: rows of mixed columns, with gaps."""
