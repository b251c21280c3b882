import os

from hypothesis import settings

# One thread a process, as in every stage: two under contention ran two to four times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples in every run, and no time limit: a suite that passed passes again. For other
# examples: pytest --hypothesis-profile=search
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.register_profile("search", deadline=None)
settings.load_profile("suite")

# Files that run the whole loop or a server go first, so that no process ends alone with them.
LONGEST = (
    "test_end_to_end.py",
    "test_kills.py",
    "test_service.py",
    "test_live_servers.py",
    "test_resume.py",
    "test_trial.py",
    "test_fabric.py",
    "test_beginning.py",
    "test_remote.py",
    "test_faults.py",
    "test_release.py",
)


def pytest_collection_modifyitems(items):
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(LONGEST)))
