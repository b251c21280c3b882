import shutil

import pytest

from pipeline.errors import VersionError
from pipeline.versions.lockfile import hash_output, read_outputs
from tests.versions.conftest import dvc


def test_folders_and_files_hash_as_dvc_hashes_them(finished_run, tmp_path):
    root = tmp_path / "workspace"
    shutil.copytree(finished_run, root, symlinks=True)
    odd = root / "data" / "trial" / "ä" / "b c"
    odd.mkdir(parents=True)
    for name in ("z", "A", "a-b", "a b"):
        (odd / name).write_text(name)
        (odd.parent / name).write_text("same")
    dvc(root, "commit", "--force", "--quiet")
    outputs = read_outputs((root / "dvc.lock").read_bytes(), where="dvc.lock")
    assert len(outputs) == 5
    for output in outputs:
        assert hash_output(root / output.path)[0] == output.md5, output.path


@pytest.mark.parametrize("content", ["", "a: [", "stages: 3", "stages:\n  a:\n    outs: [x]"])
def test_what_is_no_dvc_lock_is_refused(content):
    with pytest.raises(VersionError, match=r"is not a dvc\.lock"):
        read_outputs(content, where="here")
