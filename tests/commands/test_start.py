import json
import subprocess
import sys

HEAVY = ["PIL", "dvc", "numpy", "pandas", "prefect", "pyarrow", "scipy", "sklearn", "torch"]
PROGRAM = f"""
import json, sys
import pipeline.cli
print(json.dumps([name for name in {HEAVY} if name in sys.modules]))
"""


def test_the_command_starts_without_any_heavy_library():
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True).stdout
    assert json.loads(told) == []
