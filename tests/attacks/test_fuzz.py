"""No input gives a traceback: it is read, or refused in a sentence with exit code 2.

2,000 cases of fixed seed, in this process. Each test names a border at which something that others
wrote comes in; what passes is used as the product would use it next.
"""

import contextlib
import gzip
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.schedule import checked_cron, checked_timezone, read_schedule, seconds_of
from pipeline.errors import EquipoiseError
from pipeline.gan.checkpoint import read_checkpoint
from pipeline.last_run import read_last_run
from pipeline.lease import read_holder
from pipeline.params import Params, SourceParams, parse_params
from pipeline.results import read_result
from pipeline.run_record import read_record
from pipeline.sources.open import open_source
from pipeline.sources.recognise import recognise
from pipeline.storage import read_schema, read_split
from pipeline.versions.details import read_details
from pipeline.versions.folder_listing import read_listing
from pipeline.versions.graph import require_watched_params
from pipeline.versions.lockfile import read_outputs
from pipeline.versions.names import Version, number_of_promoted_tag, version_of_tag
from pipeline.versions.record import read_message
from pipeline.versions.remote import remote_of_config
from pipeline.workspace import Workspace, verify_manifest, write_manifest
from tests.attacks.strange import (
    ARROW,
    arrow_tables,
    column,
    idx_headers,
    names,
    scalars,
    spoiled,
    spoiled_json,
    texts,
    values,
)
from tests.hand_made import trial_result

PARAMS = [
    b"seed: 7\nsource: {kind: table, path: raw.csv, label_column: y}\ngan: {steps: 20}\n",
    b"seed: 1\ntrial:\n  replicates: 2\n  classifiers: [cnn]\nrun: {notify: [slack/x]}\n",
    b"a: &a {x: 1}\nsource: {<<: *a, split: {test_fraction: 1e-1}}\n",
]
LOCK = b"schema: '2.0'\nstages:\n  a:\n    outs:\n    - path: data/x\n      md5: abc.dir\n"
DVC = b"stages:\n  a:\n    params: [seed, {other.yaml: [x]}]\n    outs: [a.out]\n"
CSV = [
    b"a,b,label\n" + b"1,x,yes\n2,y,no\n" * 12,
    b'"a";"b";"label"\n' + b'1,5;"x ""y""";ja\n' * 12,
    b"id\tdate\tlabel\n" + b"001\t2026-01-02\t0\n002\t01/02/2026\t1\n" * 8,
    "à,b,label\n1,é,x\n2,ß,y\n".encode() * 6,
]
LISTING = [{"md5": "0" * 32, "relpath": "train/a.parquet"}, {"md5": "1" * 32, "relpath": "b"}]
DIGEST = "0" * 64
RECORD = {
    "format_version": 2,
    "verdict": "helps",
    "gan_verdict": "no evidence",
    "promoted": True,
    "metric": "balanced_accuracy",
    "classifier": "panel",
    "consumers": ["svm", "cnn"],
    "baseline": "oversampled",
    "gain_points": 1.5,
    "interval_points": [0.5, 2.5],
    "interval_level": 0.9,
    "min_gain_points": 0.5,
    "rows": {"cat": {"real": 6}},
    "seed": 7,
    "outputs": {"data/augmented": "0" * 32 + ".dir"},
    "params": DIGEST,
    "schema_digest": DIGEST,
    "source": DIGEST,
    "generators": ["0" * 12],
    "code": "0" * 40,
}
DETAILS = {
    "scores": {"panel": {"set_with_gan": {"accuracy": {"mean": 0.5, "low": 0.4, "high": 0.6}}}},
    "objects": {"0" * 32: 10},
    "params": {"seed": 7},
    "sample_schema": {"modality": "image", "classes": ["a", "b"]},
}
SCHEMA = {"modality": "image", "classes": ["a", "b"], "image_shape": [8, 8, 1], "columns": []}
HOLDER = {"pid": 1, "boot": "x", "started": 1.0, "purpose": "x", "host": "x", "run": ""}
CONFIG = [b"[core]\n    remote = r\n['remote \"r\"']\n    url = s3://x/y\n    region = eu\n"]


def fuzz(n_cases):
    """So many cases, the same ones every time, with no limit on their time."""
    return settings(
        max_examples=n_cases,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@contextlib.contextmanager
def in_a_sentence(errors="strict"):
    """What is refused inside must be told in sentences that can be written, with exit code 2."""
    try:
        yield
    except EquipoiseError as error:
        refused = error
    else:
        return
    message = str(refused)
    assert refused.exit_code == 2
    assert message.strip()
    assert "Traceback" not in message
    # Whatever was found is shown short.
    assert len(message) < 20_000
    message.encode("utf-8", errors)


@pytest.fixture(scope="module")
def folder():
    """An empty folder; each case cleans what it left there."""
    with tempfile.TemporaryDirectory(prefix="equipoise-fuzz-") as made:
        yield Path(made)


def emptied(folder):
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder


@fuzz(250)
@given(st.one_of(spoiled(PARAMS), texts.map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_the_bytes_of_params(content):
    with in_a_sentence():
        parse_params(content, where="params.yaml").model_dump_json()


SECTIONS = {
    name: list(field.annotation.model_fields)
    for name, field in Params.model_fields.items()
    if hasattr(field.annotation, "model_fields")
}
KEYS = [(section, key) for section, found in SECTIONS.items() for key in found]


@fuzz(300)
@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=3), scalars)
def test_the_values_of_params(chosen, seed):
    content = {"seed": seed}
    for (section, key), value in chosen.items():
        content.setdefault(section, {})[key] = value
    with in_a_sentence():
        text = json.dumps(content).encode("utf-8", "surrogatepass")
        parse_params(text, where="params.yaml").model_dump_json()


@fuzz(100)
@given(spoiled([DVC]))
def test_stages(folder, content):
    (emptied(folder) / "params.yaml").write_text("seed: 1\n")
    (folder / "dvc.yaml").write_bytes(content)
    with in_a_sentence():
        require_watched_params(folder)


@fuzz(100)
@given(spoiled([LOCK]))
def test_locks(content):
    with in_a_sentence():
        read_outputs(content, where="dvc.lock")


def used(folder, **found):
    """What `init`, a plan and the stage `prepare` do with raw data."""
    with in_a_sentence():
        params = SourceParams.model_validate(found)
        source = open_source(params, root=folder, scratch=folder / "scratch")
        survey = source.survey()
        assert survey.rows["id"].is_unique
        positions = np.arange(len(survey.rows))
        assert sum(table.num_rows for table in source.read(positions)) == len(positions)


@fuzz(300)
@given(arrow_tables())
def test_tables_of_every_arrow_type(folder, made):
    table, label = made
    path = emptied(folder) / "raw.parquet"
    try:
        pq.write_table(table, path)
    except (pa.ArrowException, NotImplementedError, OSError):
        return  # Parquet has no place for this type.
    with in_a_sentence():
        recognise(path)
    with in_a_sentence():
        recognise(path, label=label)
    used(folder, kind="table", path=str(path), label_column=label)


@pytest.mark.parametrize("label", [True, False], ids=["label", "column"])
@pytest.mark.parametrize("kind", range(len(ARROW)), ids=lambda kind: str(ARROW[kind][0]))
def test_each_arrow_type_as_label_and_as_column(folder, kind, label):
    strange = column(*ARROW[kind], 24)
    plain = pa.array(["x", "y"] * 12)
    made = pa.table({"a": plain, "y": strange} if label else {"a": strange, "y": plain})
    path = emptied(folder) / "raw.parquet"
    try:
        pq.write_table(made, path)
    except (pa.ArrowException, NotImplementedError, OSError):
        return
    used(folder, kind="table", path=str(path), label_column="y")


@fuzz(100)
@given(st.sampled_from(ARROW), st.sampled_from(ARROW), names, st.booleans())
def test_pictures_in_parquet_of_every_arrow_type(folder, image, label, name, nested):
    pictures, labels = column(*image, 6), column(*label, 6)
    if nested and image[1] != [None]:
        with contextlib.suppress(pa.ArrowException):
            pictures = pa.StructArray.from_arrays([pictures, pictures], ["bytes", "path"])
    path = emptied(folder) / "raw.parquet"
    try:
        pq.write_table(pa.table([pictures, labels], ["image", name]), path)
    except (pa.ArrowException, NotImplementedError, OSError):
        return
    with in_a_sentence():
        recognise(path)
    used(folder, kind="parquet", path=str(path))


@fuzz(150)
@given(idx_headers(), idx_headers(), st.booleans())
def test_idx_headers(folder, images, labels, zipped):
    emptied(folder)
    for name, content in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
        (folder / f"train-{name}").write_bytes(gzip.compress(content) if zipped else content)
    with in_a_sentence():
        recognise(folder)
    used(folder, kind="idx", path=str(folder))


@fuzz(300)
@given(spoiled(CSV), st.sampled_from(["label", "a", "b", "id", "x\0", ""]))
def test_the_bytes_of_csv(folder, content, label):
    path = emptied(folder) / "raw.csv"
    path.write_bytes(content)
    with in_a_sentence():
        recognise(path)
    with in_a_sentence():
        recognise(path, label=label)
    used(folder, kind="table", path=str(path), label_column=label)


@fuzz(100)
@given(spoiled_json(LISTING))
def test_listings(content):
    with in_a_sentence():
        read_listing(content, where="the listing")


@fuzz(100)
@given(spoiled_json(RECORD), texts)
def test_tags(content, text):
    read_message("A headline\n\n" + content.decode("utf-8", "replace"))
    read_message(text)
    for name in (text, f"augmented@{text}", f"augmented@v{text}", f"augmented#promoted#{text}"):
        version_of_tag(name, "augmented")
        number_of_promoted_tag(name, "augmented")
        with in_a_sentence():
            Version.parse(name)


class StrangeGit:
    """A repository that answers every question with the same bytes."""

    directory = Path("/nowhere")

    def __init__(self, content):
        self.content = content

    def read(self, *_):
        return self.content


@fuzz(100)
@given(spoiled_json(DETAILS), spoiled(CONFIG))
def test_what_a_release_says_of_itself(details, config):
    with in_a_sentence():
        read_details(StrangeGit(details), "0" * 40, "")
    with in_a_sentence():
        remote_of_config(config, where="the version's .dvc/config")
    read_record(details)


@fuzz(100)
@given(st.data())
def test_manifests_and_what_they_prove(folder, data):
    whole = {"files": {"x": {"sha256": DIGEST, "bytes": 1}}, "facts": {"rows": {"cat": 1}}}
    (emptied(folder) / "x").write_text("x")
    (folder / "manifest.json").write_bytes(data.draw(spoiled_json(whole)))
    with in_a_sentence():
        verify_manifest(folder)
    (folder / "manifest.json").unlink()
    for name, known in (
        ("schema.json", SCHEMA),
        ("result.json", trial_result().model_dump(mode="json")),
        ("config.json", {"preset": "x", "design": {}}),
    ):
        (folder / name).write_bytes(data.draw(spoiled_json(known)))
    (folder / "weights.safetensors").write_bytes(data.draw(st.binary(max_size=40)))
    (folder / "train-00000.parquet").write_bytes(data.draw(st.binary(max_size=40)))
    # As whoever spoils a file on purpose would, the manifest is made to fit.
    write_manifest(folder, {})
    for read in (read_schema, read_result, read_checkpoint, lambda at: read_split(at, "train")):
        with in_a_sentence():
            read(folder)


@fuzz(100)
@given(spoiled_json(HOLDER), spoiled_json({"state": "x", "sentence": "y", "ended": "z"}))
def test_notes_of_this_machine(folder, holder, last):
    private = emptied(folder) / ".equipoise"
    private.mkdir()
    workspace = Workspace(folder)
    (private / "run.lease").write_bytes(holder)
    (private / "last-run.json").write_bytes(last)
    (private / "schedule.json").write_bytes(last)
    with in_a_sentence():
        read_holder(workspace)
    with in_a_sentence():
        read_last_run(workspace)
    with in_a_sentence():
        read_schedule(workspace)


@fuzz(100)
@given(texts)
def test_words_of_the_command_line(text):
    # As they come from a command line: what is no UTF-8 stands as half of a character.
    words = text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    for read in (checked_cron, checked_timezone, seconds_of, Version.parse):
        with in_a_sentence(errors="backslashreplace"):
            read(words)
