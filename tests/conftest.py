# Files that run the whole loop or a server go first, so that no process ends alone with them.
LONGEST = ("test_end_to_end.py", "test_service.py", "test_fabric.py", "test_remote.py")


def pytest_collection_modifyitems(items):
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(LONGEST)))
