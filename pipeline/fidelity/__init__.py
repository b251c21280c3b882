"""Features to statistics to number: one file a metric."""
