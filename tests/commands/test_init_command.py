"""`equipoise init` as a user meets it."""

import json
import re
import shlex
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.init import params_text
from pipeline.commands.proposal import Proposal
from pipeline.params import load_params
from pipeline.sources.recognise import Recognised
from pipeline.stages import prepare
from pipeline.storage import read_split
from pipeline.workspace import Workspace
from tests.raw_data import csv_file, frame, idx_folder, image_folder, parquet_folder


def command(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def raw(tmp_path):
    return image_folder(tmp_path / "raw")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A new workspace, only to be looked at; its data lie beside it."""
    folder = tmp_path_factory.mktemp("made")
    raw = image_folder(folder / "raw")
    done = command("init", folder / "ws", "--from", raw)
    assert done.exit_code == 0, done.output
    assert "Folders of pictures: 50 pictures of 2 classes." in done.output
    return folder / "ws"


def test_a_workspace_is_complete(made):
    for name in ("params.yaml", "dvc.yaml", "code.json", ".gitignore", ".git", ".dvc/config"):
        assert (made / name).exists()


def test_the_remote_verifies_and_the_site_cache_is_private(made):
    assert "verify = true" in (made / ".dvc" / "config").read_text()
    assert f"site_cache_dir = {made}" in (made / ".dvc" / "config.local").read_text()


def test_what_was_recognised_stands_in_params(made):
    params = load_params(made / "params.yaml")
    assert (params.source.kind, params.source.path) == ("image_folder", str(made.parent / "raw"))
    assert (params.source.resize.height_px, params.source.resize.width_px) == (12, 12)


def test_each_setting_that_is_proposed_can_be_had_by_taking_its_first_sign_away(made, tmp_path):
    lines = (made / "params.yaml").read_text().splitlines()
    proposed = [n for n, line in enumerate(lines) if re.match(r" +# (?!contain)[a-z_]+: ", line)]
    assert len(proposed) >= 8
    for n in proposed:
        mended = [line.replace("# ", "", 1) if i == n else line for i, line in enumerate(lines)]
        if "ratio:" in mended[n] or "target:" in mended[n]:
            strategy = "ratio" if "ratio:" in mended[n] else "explicit"
            mended = [
                line.replace("strategy: equalise", f"strategy: {strategy}") for line in mended
            ]
        (tmp_path / "params.yaml").write_text("\n".join(mended))
        params = load_params(tmp_path / "params.yaml")
        if "licence" in lines[n]:
            assert params.licence == params.release.licence == "CC-BY-4.0"


def test_the_next_command_can_be_pasted_whatever_the_folder_is_called(raw, tmp_path):
    done = command("init", tmp_path / "a b", "--from", raw)
    (line,) = [line for line in done.output.splitlines() if line.strip().startswith("cd ")]
    assert shlex.split(line) == ["cd", str(tmp_path / "a b")]


def test_data_inside_the_workspace_are_named_by_a_relative_path(tmp_path):
    image_folder(tmp_path / "ws" / "raw")
    command("init", tmp_path / "ws", "--from", tmp_path / "ws" / "raw")
    assert load_params(tmp_path / "ws" / "params.yaml").source.path == "raw"


ODD = ["cats 🐈", "it's", " leading", "${seed}", "~", "100%", "a:b", "\u2060word", "\ue000", "- x"]


@pytest.mark.parametrize(
    "name", ['quo"te', "hash # mark", "colon: {x}", "back\\slash", "ünï", *ODD]
)
def test_a_path_with_marks_of_yaml_is_written_so_that_it_reads_back(tmp_path, name):
    found = Recognised(kind="image_folder", path=tmp_path / name, reason="")
    (tmp_path / "params.yaml").write_text(params_text(found, tmp_path / "ws", Proposal()))
    assert load_params(tmp_path / "params.yaml").source.path == str(tmp_path / name)


SOURCES = {
    "image_folder": lambda at: (image_folder(at / "raw"), []),
    "idx": lambda at: (idx_folder(at / "raw"), []),
    "table": lambda at: (
        csv_file(at / "raw.csv", frame().drop(columns="patient")),
        ["--label", "income"],
    ),
    "parquet": lambda at: (parquet_folder(at / "raw"), []),
}


@pytest.mark.parametrize("kind", list(SOURCES))
def test_a_new_workspace_can_be_prepared_as_it_is(tmp_path, kind):
    path, more = SOURCES[kind](tmp_path)
    done = command("init", tmp_path / "ws", "--from", path, *more)
    assert done.exit_code == 0, done.output
    workspace = Workspace.at(tmp_path / "ws")
    params = load_params(workspace.params_file)
    assert params.source.kind == kind
    prepare.run(workspace, params)
    assert len(read_split(workspace.prepared, "train")) > 30


def test_a_workspace_is_never_overwritten(made):
    before = (made / "params.yaml").read_bytes()
    again = command("init", made, "--from", made.parent / "raw")
    assert again.exit_code == 2
    assert "holds params.yaml already, so it is a workspace" in again.stderr
    assert (made / "params.yaml").read_bytes() == before


def test_a_refusal_writes_nothing(tmp_path):
    done = command("init", tmp_path / "ws", "--from", tmp_path / "nowhere")
    assert done.exit_code == 2
    assert "There is nothing at" in done.stderr
    assert not (tmp_path / "ws").exists()


def test_dvc_accepts_the_stages_and_sees_a_change_of_the_raw_data(raw, tmp_path):
    command("init", tmp_path / "ws", "--from", raw)

    def status():
        told = subprocess.run(
            [sys.executable, "-m", "dvc", "status", "--json", "prepare"],
            cwd=tmp_path / "ws",
            capture_output=True,
            check=True,
        )
        return json.loads(told.stdout)

    repro = [sys.executable, "-m", "dvc", "commit", "--force", "prepare"]
    prepare.run(Workspace(tmp_path / "ws"), load_params(tmp_path / "ws" / "params.yaml"))
    subprocess.run(repro, cwd=tmp_path / "ws", capture_output=True, check=True)
    assert status() == {}
    image_folder(raw, {"cat": 1}, start=900)
    assert {str(raw): "modified"} in [
        entry for change in status()["prepare"] for entry in change.values()
    ]


def test_the_plan_tells_counts_and_draws_and_writes_only_what_it_remembers(tmp_path):
    raw = image_folder(tmp_path / "raw", {"cat": 60, "dog": 20})
    command("init", tmp_path / "ws", "--from", raw)
    before = files_but_remembered(tmp_path)
    told = command("run", "--workspace", tmp_path / "ws", "--dry-run")
    assert told.exit_code == 0, told.output
    assert files_but_remembered(tmp_path) == before
    assert "pictures of 12×12 px, grey, 2 classes" in told.output
    rows = {line.split()[0]: line.split()[1:] for line in told.output.splitlines() if line.strip()}
    assert rows["class"] == ["train", "test", "to", "add", "to", "draw"]
    n_cat, n_dog = int(rows["cat"][0]), int(rows["dog"][0])
    assert [int(cell) for cell in rows["dog"][2:]] == [n_cat - n_dog, -(-3 * (n_cat - n_dog) // 2)]
    assert rows["cat"][2:] == ["0", "0"]


def files_but_remembered(root):
    memory = root / "ws" / ".equipoise" / "plan"
    return sorted(path for path in root.rglob("*") if memory not in (path, *path.parents))


def told_by(output):
    return [
        line.strip()
        for line in output.splitlines()
        if line.startswith(("  converted:", "  warning:"))
    ]


def table(**columns):
    return frame().drop(columns="patient").assign(**columns)


DAYS = [f"{k % 28 + 1:02}-01-2024" for k in range(60)]
ODD_TABLES = {
    "cp1252": table(town="Zürich").to_csv(index=False).encode("cp1252"),
    "utf-16": table().to_csv(index=False).encode("utf-16"),
    "semicolons": b"sep=;\n" + table().to_csv(index=False, sep=";").encode(),
    "comments": b"# made by a program\n\n" + table().to_csv(index=False).encode(),
    "marks": table(height="1.019,50").to_csv(index=False, sep="\t").encode(),
    "days as text": table(day=DAYS).to_csv(index=False).encode(),
    "numbers among words": table(code=["7", "x", "y"] * 20).to_csv(index=False).encode(),
    "leading zeros": table(code=["007", "010"] * 30).to_csv(index=False).encode(),
    "formulas": table(code=["=1+1", "@x"] * 30).to_csv(index=False).encode(),
    "nothing but one value": table(code="same").to_csv(index=False).encode(),
}


@pytest.mark.parametrize("content", ODD_TABLES.values(), ids=ODD_TABLES)
def test_init_the_plan_and_prepare_tell_the_same(tmp_path, content):
    (tmp_path / "raw.csv").write_bytes(content)
    made = command("init", tmp_path / "ws", "--from", tmp_path / "raw.csv", "--label", "income")
    assert made.exit_code == 0, made.output
    plan = command("run", "--workspace", tmp_path / "ws", "--dry-run")
    workspace = Workspace(tmp_path / "ws")
    prepare.run(workspace, load_params(workspace.params_file))
    notices = json.loads((workspace.prepared / "notices.json").read_text())
    prepared = [f"{notice['kind']}: {notice['message']}" for notice in notices]
    assert told_by(made.output) == told_by(plan.output) == prepared != []


@pytest.mark.parametrize(
    ("content", "options", "settings"),
    [
        ("a,b;income\n" + "1,2;x\n2,3;y\n" * 9, ["--delimiter", ";"], {"delimiter": ";"}),
        ("b;income\n1,037;x\n2,500;y\n" * 1, ["--decimal", ","], {"decimal": ","}),
        ("b\tincome\n1,037\tx\n", ["--thousands", ",", "--delimiter", "tab"], {"thousands": ","}),
        ("1,x\n2,y\n" * 9, ["--no-header", "--label", "column_2"], {"header": False}),
        ("Title\nb,income\n1,x\n2,y\n3,y\n", ["--skip-lines", "1"], {"skip_lines": 1}),
        ("b,income\n1,Москва\n".encode("cp1251"), ["--encoding", "cp1251"], {"encoding": "cp1251"}),
    ],
)
def test_what_init_is_told_of_a_text_table_stands_in_params(tmp_path, content, options, settings):
    (tmp_path / "raw.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    more = options if "--label" in options else [*options, "--label", "income"]
    made = command("init", tmp_path / "ws", "--from", tmp_path / "raw.csv", *more)
    assert made.exit_code == 0, made.output
    table = load_params(tmp_path / "ws" / "params.yaml").source.table
    assert {name: getattr(table, name) for name in settings} == settings


def test_the_advice_of_init_can_be_followed_before_there_is_a_params_file(tmp_path):
    (tmp_path / "raw.csv").write_bytes("town,income\nМосква,x\nКиев,y\n".encode("cp1251"))
    first = command("init", tmp_path / "ws", "--from", tmp_path / "raw.csv", "--label", "income")
    assert first.exit_code == 2
    # Each way is named with the word as it reads by it, and a person knows the right one.
    (option,) = re.findall(r"'Москва' by `(--encoding [a-z0-9-]+)`", first.output)
    done = command(
        "init",
        tmp_path / "ws",
        "--from",
        tmp_path / "raw.csv",
        "--label",
        "income",
        *option.split(),
    )
    assert done.exit_code == 0, done.output
    assert load_params(tmp_path / "ws" / "params.yaml").source.table.encoding == "cp1251"


@pytest.mark.parametrize(
    "option", [["--decimal", "x"], ["--encoding", "klingon"], ["--delimiter", "::"]]
)
def test_an_option_that_is_not_known_is_told_by_its_own_name(raw, tmp_path, option):
    done = command("init", tmp_path / "ws", "--from", raw, *option)
    assert f"`{option[0]}` is" in done.output
    assert not (tmp_path / "ws").exists()


def test_a_table_that_needs_a_setting_gets_its_workspace_and_is_told(tmp_path):
    data = frame().drop(columns="patient").astype({"height": object})
    data.loc[7, "height"] = "tall"
    made = command(
        "init", tmp_path / "ws", "--from", csv_file(tmp_path / "raw.csv", data), "--label", "income"
    )
    assert made.exit_code == 0, made.output
    assert "need a change before a run" in made.output
    assert "'height' holds numbers, but 'tall'" in made.output


@pytest.mark.parametrize("name", ["😀", 'q"uote', "a: b", "#x", "<b>"])
def test_a_label_column_may_have_any_name(tmp_path, name):
    data = frame().drop(columns="patient").rename(columns={"income": name})
    command(
        "init", tmp_path / "ws", "--from", csv_file(tmp_path / "raw.csv", data), "--label", name
    )
    assert load_params(tmp_path / "ws" / "params.yaml").source.label_column == name
