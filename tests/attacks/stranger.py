"""What a stranger can do: change any file of a released commit, and any object of its remote."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from pipeline.versions.fetch import released_prefix
from pipeline.versions.git import Git
from pipeline.versions.listing import Release, list_releases
from pipeline.versions.local_store import LocalStore
from pipeline.versions.lockfile import LOCK, md5_of, output_at, read_outputs
from tests.versions.conftest import sh

TAG = "augmented@v0.1.0"


def rewrite(root: Path, files: dict[str, bytes], *, message: str | None = None) -> None:
    """Let the release's commit hold `files`, and its tag say `message`, as if made that way."""
    git = Git(root)
    tag = next(git.tags(TAG))
    index = {"GIT_INDEX_FILE": str(root / "stranger-index"), **git.identity()}
    git.run("read-tree", tag.commit, environment=index)
    for path, content in files.items():
        blob = git.write_blob(content)
        git.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", environment=index)
    tree = git.run("write-tree", environment=index)
    commit = git.run("commit-tree", tree, "-m", "stranger", environment=index)
    (root / "stranger-index").unlink()
    text = (tag.message if message is None else message).encode()
    subprocess.run(
        ["git", "tag", "--force", "--annotate", "--cleanup=verbatim", "-F", "-", TAG, commit],
        cwd=root, check=True, input=text, capture_output=True, env={**os.environ, **index},
    )  # fmt: skip
    for promotion in sh(root, "git", "tag", "--list", "augmented#promoted#*").split():
        sh(root, "git", "-c", "user.name=A", "-c", "user.email=a@b", "tag", "--force", "--annotate",
           "--message", "promoted", promotion, commit)  # fmt: skip
    assert the_release(root).commit == commit


def the_release(root: Path) -> Release:
    (release,) = list_releases(Git(root), "augmented")
    return release


def in_release(root: Path, path: str) -> bytes:
    """A file of the release's commit."""
    release = the_release(root)
    return Git(root).read(release.commit, released_prefix(Git(root), release) + path)


def details_with(root: Path, **changes) -> bytes:
    """The release's details with other fields."""
    return json.dumps({**json.loads(in_release(root, "reports/release.json")), **changes}).encode()


def own_remote(root: Path, original: Path) -> LocalStore:
    """Give a copy of a released workspace a remote of its own, which its release names."""
    remote = root / ".equipoise" / "remote"
    shutil.rmtree(remote, ignore_errors=True)
    shutil.copytree(original / ".equipoise" / "remote", remote)
    config = in_release(root, ".dvc/config").decode()
    rewrite(root, {".dvc/config": config.replace(str(original), str(root)).encode()})
    return LocalStore(remote)


def replace_listing(root: Path, store: LocalStore, entries: bytes) -> str:
    """Let the release's data/augmented have another listing, honestly named; returns its name."""
    outputs = read_outputs(in_release(root, LOCK), where=LOCK)
    old = output_at(outputs, "data/augmented", where=LOCK).md5
    new = md5_of(entries) + ".dir"
    scratch = root / "stranger-listing"
    scratch.write_bytes(entries)
    store.put(new, scratch)
    scratch.unlink()
    objects = json.loads(in_release(root, "reports/release.json"))["objects"]
    lock = in_release(root, LOCK).replace(old.encode(), new.encode())
    objects[new] = len(entries)
    rewrite(
        root,
        {LOCK: lock, "reports/release.json": details_with(root, objects=objects)},
        message=next(Git(root).tags(TAG)).message.replace(old, new),
    )
    return new


def listing_of(root: Path, store: LocalStore) -> list[dict[str, str]]:
    """The entries of the released data/augmented."""
    outputs = read_outputs(in_release(root, LOCK), where=LOCK)
    return json.loads(store.path(output_at(outputs, "data/augmented", where=LOCK).md5).read_bytes())


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes, to see that none changed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
