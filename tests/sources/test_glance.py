"""What a plan reads of pictures, and what it remembers."""

import logging
import os

import pytest

from pipeline.params import Params
from pipeline.progress import advance_in
from pipeline.sources import image_folder, near_pictures
from pipeline.sources.glance import LEAST_PICTURES, Glance
from pipeline.sources.open import open_source
from tests.raw_data import idx_folder, parquet_folder, picture, save
from tests.raw_data import image_folder as pictures_in

KINDS = {"image_folder": pictures_in, "idx": idx_folder, "parquet": parquet_folder}


def survey(root, scratch, kind="image_folder", glance=None, **source):
    params = Params.model_validate({"source": {"kind": kind, "path": str(root), **source}}).source
    return open_source(params, root=scratch / "ws", scratch=scratch, glance=glance).survey()


@pytest.fixture
def raw(tmp_path):
    return pictures_in(tmp_path / "raw")


@pytest.mark.parametrize("kind", KINDS)
def test_a_glance_at_few_pictures_finds_what_a_survey_finds(tmp_path, kind):
    raw = KINDS[kind](tmp_path / "raw")
    whole = survey(raw, tmp_path, kind)
    for _ in range(2):  # looked at, then remembered
        glanced = survey(raw, tmp_path, kind, Glance(tmp_path / "memory"))
        assert glanced.sample is None
        assert glanced.rows.equals(whole.rows)
        assert (glanced.schema, glanced.notices) == (whole.schema, whole.notices)


@pytest.mark.parametrize("kind", KINDS)
def test_of_many_pictures_all_are_counted_and_a_sample_is_decoded(tmp_path, kind):
    raw = KINDS[kind](tmp_path / "raw")
    whole = survey(raw, tmp_path, kind)
    glanced = survey(raw, tmp_path, kind, Glance(budget_pixels=1))
    assert glanced.sample is not None
    assert LEAST_PICTURES <= glanced.sample < len(whole.rows)
    assert glanced.counts() == whole.counts()
    assert glanced.schema == whole.schema


def test_the_sizes_told_are_those_of_all_headers(tmp_path, raw):
    save(raw / "dog" / "large.png", picture(900, side=40))
    glanced = survey(raw, tmp_path, glance=Glance(budget_pixels=1))
    assert any("2 sizes, 12 to 40 px high" in notice.message for notice in glanced.notices)


def test_a_remembered_picture_is_decoded_no_second_time(tmp_path, raw, monkeypatch):
    survey(raw, tmp_path, glance=Glance(tmp_path / "memory"))
    monkeypatch.setattr(image_folder, "_decode_files", None)
    monkeypatch.setattr(near_pictures, "_neighbours", None)
    resize = {"height_px": 9, "width_px": 9}
    again = survey(raw, tmp_path, glance=Glance(tmp_path / "memory"), resize=resize)
    assert again.schema.image_shape == (9, 9, 1)


def test_a_picture_that_changed_is_decoded_again(tmp_path, raw):
    survey(raw, tmp_path, glance=Glance(tmp_path / "memory"))
    changed = sorted((raw / "cat").iterdir())[0]
    before = changed.stat()
    save(changed, picture(901, colour=True))
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    again = survey(raw, tmp_path, glance=Glance(tmp_path / "memory"))
    assert any("1 in colour" in notice.message for notice in again.notices)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\x00" * 500])
def test_a_damaged_memory_is_found_anew(tmp_path, raw, content):
    first = survey(raw, tmp_path, glance=Glance(tmp_path / "memory"))
    for file in (tmp_path / "memory").iterdir():
        file.write_bytes(content)
    again = survey(raw, tmp_path, glance=Glance(tmp_path / "memory"))
    assert again.rows.equals(first.rows)


def test_a_plan_is_made_where_nothing_can_be_remembered(tmp_path, raw):
    memory = tmp_path / "memory"
    memory.write_text("a file where a folder is expected")
    assert survey(raw, tmp_path, glance=Glance(memory)).sample is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_stage_tells_how_far_it_is_and_a_plan_does_not(tmp_path, monkeypatch, caplog, kind):
    monkeypatch.setenv("EQUIPOISE_PROGRESS_SECONDS", "0")
    caplog.set_level(logging.INFO)
    raw = KINDS[kind](tmp_path / "raw")
    survey(raw, tmp_path, kind, Glance())
    assert caplog.messages == []
    n = len(survey(raw, tmp_path, kind).rows)
    told = [advance_in(message) for message in caplog.messages]
    assert [one.done for one in told] == list(range(1, n))
    assert {(one.stage, one.total) for one in told} == {("prepare", n)}
