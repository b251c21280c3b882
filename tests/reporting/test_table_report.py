"""The sections that only tables have: columns, rows and the map."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from pipeline.reporting.page import render_report, sections
from pipeline.reporting.previews.bars import bars_of, matched_real, separating
from pipeline.reporting.previews.examples import MISSING, cell_text
from pipeline.reporting.previews.registry import PREVIEWS, preview_of
from pipeline.reporting.summary import tables_by_key
from pipeline.samples import Column, Samples
from pipeline.storage import write_schema, write_split
from pipeline.workspace import Workspace
from tests.reporting.example_material import example_material
from tests.reporting.example_table import curation_of, examples, table_material
from tests.reporting.payloads import PAYLOADS
from tests.small_tables import table, with_column

WRONG = ("pixel", "picture", "mirror", "camera", "shift by", "CNN on the training")


def text_of(found, *keys):
    return " ".join(
        str(block) for section in sections(found) if section.key in keys for block in section.blocks
    )


def wide(n, *, seed, columns=300):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    kinds = [Column(name=f"c{k}", kind="continuous", type="double") for k in range(columns)]
    values = pd.DataFrame({c.name: rng.normal(size=n) for c in kinds})
    base = table(n, seed=seed, labels=labels)
    return Samples(
        base.schema.model_copy(update={"columns": tuple(kinds)}),
        values,
        base.labels,
        base.provenance,
    )


def test_a_table_shows_columns_rows_and_the_map_where_images_show_pictures():
    keys = [section.key for section in sections(table_material())]
    place = keys.index("classes")
    assert keys[place + 1 : place + 4] == ["distributions", "rows", "map"]
    assert "pictures" not in keys
    images = [section.key for section in sections(example_material())]
    assert "distributions" not in images
    assert images[images.index("pictures") + 1] == "map"


def test_no_text_about_a_table_speaks_of_pictures():
    page = render_report(table_material())
    body = page[page.index("<body") :]
    for word in WRONG:
        assert word not in body, word


def test_the_numbers_of_columns_are_those_of_the_record():
    material = table_material()
    shown = tables_by_key(material)["columns"]["rows"]
    record = material.result.columns.columns
    assert [row[0] for row in shown] == [row.name for row in record]
    assert shown[0][2] == f"{record[0].value:.3f} ({record[0].metric.upper()})"


def test_of_300_columns_the_worst_twenty_stand_open_and_the_others_folded(visit):
    real, synthetic = wide(120, seed=0), wide(80, seed=1)
    tables = tables_by_key(material := table_material(real, synthetic))
    assert len(tables["columns"]["rows"]) == 20
    assert len(tables["columns-others"]["rows"]) == 280
    assert len(tables["rows-0"]["rows"]) == 20
    assert len(tables["rows-0-others"]["rows"]) == 280
    with visit(page := render_report(material)) as seen:
        assert seen.console == []
        assert seen.run("document.documentElement.scrollWidth <= window.innerWidth")
    assert len(page) < 3_000_000


def test_hostile_cells_and_columns_stay_text(visit):
    names = tuple(f"{payload} {place}" for place, payload in enumerate(PAYLOADS[:6]))
    real, synthetic = table(120, seed=0), table(80, seed=1)
    columns = tuple(
        column.model_copy(update={"name": name})
        for column, name in zip(real.schema.columns, names, strict=True)
    )
    renamed = []
    for part in (real, synthetic):
        hostile = with_column(part, "job", [PAYLOADS[n % 3] for n in range(len(part))])
        values = hostile.values.set_axis(list(names), axis=1)
        schema = part.schema.model_copy(update={"columns": columns})
        renamed.append(dataclasses.replace(part, schema=schema, values=values))
    with visit(render_report(table_material(*renamed))) as seen:
        shown = seen.run(
            "[...document.querySelectorAll('#table-columns th bdi')].map(one => one.textContent)"
        )
        assert set(shown) == set(names)
        assert seen.dialogs == seen.console == seen.requests == []


def test_bars_of_a_class_are_told_for_the_columns_that_separate_classes_most():
    real = table(600, seed=0)
    first = separating(real, table(300, seed=1), most=1)[0]
    assert first.name == "job"
    assert [name for name, _ in first.classes] == ["no", "yes"]


def test_shares_of_bars_add_up_to_one():
    for bars in bars_of(table(300, seed=0), table(200, seed=1)):
        assert sum(bars.real) == pytest.approx(1)
        assert sum(bars.synthetic) == pytest.approx(1)


def test_matched_rows_have_exactly_the_asked_class_mix():
    wanted = table(70, seed=1, labels=[1] * 60 + [0] * 10)
    assert matched_real(table(50, seed=0), wanted).counts() == {"no": 10, "yes": 60}


def test_cells_read_as_people_write_them():
    assert cell_text(None) == cell_text(pd.NA) == MISSING
    assert cell_text(True) == "yes"
    assert cell_text(pd.Timestamp("2020-02-03")) == "2020-02-03"
    assert cell_text(0.1 + 0.2) == "0.3"
    assert len(cell_text("x" * 500)) == 61


def test_rows_expected_to_be_equal_and_rare_categories_are_told():
    tables = tables_by_key(table_material())
    told = dict(tables["copies"]["rows"])
    assert told["Equal ones expected, as often as among unseen real rows"] == (
        "11 (no more than chance)"
    )
    assert tables["rare"]["rows"] == [["job", "dean", "2", "3"]]
    assert not any("shift" in row for row in told)


def test_what_a_table_shows_is_read_from_the_folders(tmp_path):
    real, pool = table(90, seed=0), table(60, seed=1)
    workspace = Workspace(tmp_path)
    for folder, samples in ((workspace.prepared, real), (workspace.synthetic, pool)):
        write_schema(folder, samples.schema)
        write_split(folder, "train", samples)
    curation = curation_of(pool, real)
    shown = preview_of(real.schema).gather(workspace, real.schema, curation, seed=0)
    assert [bars.name for bars in shown.bars] == [column.name for column in real.schema.columns]
    assert shown.cloud.synthetic_labels.size == curation["chosen"].sum()
    first = shown.examples[0]
    assert first.shown[0].ratio == min(one.ratio for one in first.shown)
    assert first.shown[0].neighbour[2] == real.values["job"][0]
    assert {one.reason for one in first.rejected} == {"label not confirmed"}


def test_without_synthetic_rows_the_report_is_made_all_the_same():
    material = dataclasses.replace(table_material(), shown=None)
    assert "rows" not in [section.key for section in sections(material)]
    assert render_report(material)


def test_each_kind_of_data_has_a_preview():
    assert set(PREVIEWS) == {"image", "table"}
    assert examples(table(3, seed=0).schema)
