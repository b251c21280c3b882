"""An example for every command, shown at the end of its `--help`."""

# Words of a command → what a person types.
EXAMPLES = {
    "init": "equipoise init workspace --from photographs",
    "run": "equipoise run --dry-run",
    "schedule": 'equipoise schedule --cron "0 3 * * *" --background',
    "schedule status": "equipoise schedule status",
    "schedule pause": "equipoise schedule pause",
    "schedule resume": "equipoise schedule resume",
    "schedule now": "equipoise schedule now",
    "schedule stop": "equipoise schedule stop",
    "doctor": "equipoise doctor",
    "versions": "equipoise versions --repo https://example.org/team/data.git",
    "pull": "equipoise pull promoted --to data-for-training",
    "diff": "equipoise diff v0.1.0 latest --html diff.html",
    "verify": "equipoise verify latest --read-data",
    "reproduce": "equipoise reproduce v0.1.0 --to drawn-again",
    "gc": "equipoise gc --keep 3 --dry-run",
    "remote set": "equipoise remote set s3://bucket/folder --set region=eu-central-1",
    "remote show": "equipoise remote show",
    "report": "equipoise report latest --open",
}


def epilog(words: str) -> str:
    """What `--help` ends with."""
    return f"Example: {EXAMPLES[words]}"
