"""What the stage `inherit` writes, so that `train` can read it without importing how it came."""

# {"version": "v1.2.0"}, or null where a training begins from zero.
START_FILE = "start.json"
GENERATOR_FOLDER = "generator"
