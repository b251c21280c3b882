"""The commands of `equipoise`, one file a subject; `pipeline.cli` puts them together."""
