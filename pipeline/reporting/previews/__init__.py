"""What a report shows of one kind of data: its own sections, and its words in all others."""
