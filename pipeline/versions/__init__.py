"""Versions: release, list, pull, diff, verify. The only room that calls git and dvc."""
