"""What is refused before any stage runs."""

import pytest

from pipeline.errors import WorkspaceError
from pipeline.stages.ready import refuse_removed_stages

OLD = """\
stages:
  inherit:
    cmd: python -m pipeline.stages.inherit
    outs: [data/inherited]
  train:
    cmd: python -m pipeline.stages.train
    deps: [data/prepared, data/inherited]
    outs: [data/generator]
"""


def test_a_stage_that_is_no_more_is_refused_with_the_lines_to_remove(tmp_path):
    (tmp_path / "dvc.yaml").write_text(OLD)
    with pytest.raises(WorkspaceError, match=r"`inherit`.*data/inherited from the `deps`"):
        refuse_removed_stages(tmp_path)
    start, end = OLD.index("  inherit:"), OLD.index("  train:")
    mended = (OLD[:start] + OLD[end:]).replace(", data/inherited", "")
    (tmp_path / "dvc.yaml").write_text(mended)
    refuse_removed_stages(tmp_path)


def test_a_stage_of_the_users_own_is_none_of_our_business(tmp_path):
    (tmp_path / "dvc.yaml").write_text("stages:\n  mine: {cmd: python mine.py, outs: [mine.txt]}\n")
    refuse_removed_stages(tmp_path)
