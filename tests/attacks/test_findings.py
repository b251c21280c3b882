"""What `init` and the plan print of pictures is what the first stage finds."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands import init, plan
from pipeline.params import load_params
from pipeline.sources import glance
from pipeline.stages import prepare
from pipeline.workspace import Workspace, read_json
from tests.raw_data import (
    idx_folder,
    image_folder,
    picture,
    picture_table,
    save,
    split_folder,
)


def folder(root):
    image_folder(root / "wrapped")
    save(root / "wrapped" / "cat" / "large.jpg", picture(900, side=40))
    transparent = Image.new("RGBA", (12, 12), (9, 9, 9, 90))
    transparent.save(root / "wrapped" / "cat" / "clear.png")
    (root / "wrapped" / "cat" / "notes.txt").write_text("x")
    return root


def camera(root):
    for number in range(40):
        pixels = np.full((48, 48, 1), 90) + np.arange(48)[:, None, None]
        noise = np.random.default_rng(number).normal(0, 2, pixels.shape)
        save(root / f"class{number % 2}" / f"{number}.png", (pixels + noise).astype(np.uint8))
    return root


def without_test(root):
    root.mkdir()
    for name, start, n in (("train", 0, 40), ("validation", 100, 12)):
        table = picture_table(range(start, start + n), [k % 2 for k in range(n)])
        pq.write_table(table, root / f"{name}-00000.parquet")
    return root


def with_splits(root):
    split_folder(root / "pets")
    (root / "pets" / "README").write_text("what these are")
    return root


def of_many_modes(root):
    image_folder(root)
    for number, mode in enumerate(("CMYK", "LA", "P", "1", "RGB")):
        colour = Image.fromarray(picture(800 + number, colour=True)).convert(mode)
        colour.save(root / "cat" / f"{mode}.{'jpg' if mode == 'CMYK' else 'png'}")
    return root


SOURCES = {
    "folder": folder,
    "splits inside a folder": with_splits,
    "many modes": of_many_modes,
    "zipped idx": lambda root: idx_folder(root, zipped=True),
    "fixed camera": camera,
    "idx": idx_folder,
    "parquet without test": without_test,
}


@pytest.mark.parametrize("kind", SOURCES)
def test_init_the_plan_and_the_stage_tell_the_same(tmp_path, monkeypatch, kind):
    raw, root = SOURCES[kind](tmp_path / "raw"), tmp_path / "ws"
    monkeypatch.setattr(init, "make_repository", lambda *_: None)
    done = CliRunner().invoke(app, ["init", str(root), "--from", str(raw)])
    assert done.exit_code == 0, done.output
    workspace, params = Workspace.at(root), load_params(root / "params.yaml")
    prepare.run(workspace, params)
    found = read_json(workspace.prepared / prepare.NOTICES_FILE)
    assert "idx" in kind or found
    planned = [notice.model_dump() for notice in plan.plan(workspace, params).notices]
    assert planned == found
    printed = " ".join(done.output.split())
    for notice in found:
        assert " ".join(f"{notice['kind']}: {notice['message']}".split()) in printed


def test_of_many_pictures_init_and_the_plan_look_at_a_sample_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(init, "make_repository", lambda *_: None)
    monkeypatch.setattr(glance.Glance.__init__, "__kwdefaults__", {"budget_pixels": 1})
    raw, root = image_folder(tmp_path / "raw"), tmp_path / "ws"
    save(raw / "cat" / "huge.png", picture(900, side=40))
    told = f"Only a sample was decoded: {glance.LEAST_PICTURES} of 51 pictures."
    for arguments in (
        ["init", str(root), "--from", str(raw)],
        ["run", "-w", str(root), "--dry-run"],
    ):
        done = CliRunner().invoke(app, arguments)
        assert told in " ".join(done.output.split()), done.output
        assert "2 sizes, 12 to 40 px high" in done.output


def test_a_picture_that_cannot_be_used_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(init, "make_repository", lambda *_: None)
    raw = image_folder(tmp_path / "raw")
    (raw / "cat" / "a.png").write_bytes(b"")
    done = CliRunner().invoke(app, ["init", str(tmp_path / "ws"), "--from", str(raw)])
    assert "cat/a.png is empty (0 bytes)" in done.output
