"""JSON that others wrote is bounded in size, depth and form before anything is made of it."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pipeline.errors import ArtifactError, EquipoiseError, VersionError
from pipeline.outside import MAXIMUM_BYTES, outside_json, read_outside_json
from pipeline.versions.agreement import disagreements
from pipeline.versions.folder_listing import read_listing
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.record import read_message
from pipeline.versions.verification import verify
from pipeline.workspace import verify_manifest, write_json
from tests.attacks.stranger import in_release, rewrite, the_release


class Form(BaseModel):
    number: int
    share: float = 0.0
    names: tuple[str, ...] = ()


BOMBS = {
    "brackets": (b"[" * 100_000, "nests deeper"),
    "objects": (b'{"a":' * 100_000, "nests deeper"),
    "40 levels": (b"[" * 40 + b"]" * 40, "nests deeper"),
    "two keys": (b'{"number": 1, "number": 2}', "'number' stands twice"),
    "not a number": (b'{"number": NaN}', "NaN is no number"),
    "infinite": (b'{"share": Infinity}', "Infinity is no number"),
    "infinite by its exponent": (b'{"share": 1e999}', "too large"),
    "5,000 digits": (b'{"number": ' + b"9" * 5000 + b"}", "5000 digits"),
    "5,000 decimals": (b'{"share": 0.' + b"9" * 5000 + b"}", "digits"),
    "half a surrogate pair": (rb'{"names": ["\ud800"]}', "surrogate"),
    "half a surrogate pair as a key": (rb'{"\ud800": 1}', "surrogate"),
    "UTF-16": ('{"number": 1}'.encode("utf-16"), "not JSON"),
    "a byte order mark": (b'\xef\xbb\xbf{"number": 1}', "not JSON"),
    "Latin-1": (b'{"names": ["\xe9"]}', "not JSON"),
    "nothing": (b"", "not JSON"),
    "two documents": (b'{"number": 1} {"number": 1}', "not JSON"),
    "three million values": (b"[" + b"[]," * 3_000_000 + b"0]", "more than 2,000,000 values"),
    "too many bytes": (b'"' + b"a" * MAXIMUM_BYTES + b'"', "bytes; at most"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_in_one_sentence_that_names_the_text(name):
    content, words = BOMBS[name]
    with pytest.raises(VersionError, match=words) as refused:
        outside_json(content, where="release.json of TAG", way_out="Go on.", error=VersionError)
    text = str(refused.value)
    assert text.startswith("release.json of TAG ")
    assert text.endswith(" Go on.")
    assert len(text) < 400


@pytest.mark.parametrize(
    "content",
    ["[]", "1", "null", '{"number": "1"}', '{"number": 1.5}', '{"number": true}', "{}",
     '{"number": 1, "names": "abc"}', '{"number": 1, "share": "0.5"}'],
)  # fmt: skip
def test_another_form_is_refused_and_nothing_is_converted(content):
    with pytest.raises(ArtifactError, match="not of the expected form"):
        read_outside_json(content, Form, where="x", way_out="Go on.")


def test_what_is_as_it_should_be_is_read():
    found = read_outside_json('{"number": 1, "names": ["é"]}', Form, where="x", way_out="")
    assert found == Form(number=1, names=("é",))


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_no_text_gives_more_than_a_sentence(content):
    for read in (
        lambda: read_outside_json(content, Form, where="x", way_out=""),
        lambda: read_listing(content, where="x"),
        lambda: outside_json(content, where="x", way_out=""),
    ):
        with contextlib.suppress(EquipoiseError):
            read()
    assert read_message(content.decode("utf-8", "replace")) is None


def test_release_json_may_hold_anything(released):
    for bomb, _ in list(BOMBS.values())[::5]:
        rewrite(released.root, {"reports/release.json": bomb})
        with pytest.raises(VersionError, match=r"reports/release\.json of the commit"):
            verify(Git(released.root), [the_release(released.root)])


def test_sizes_of_objects_are_numbers_of_bytes(released):
    details = json.loads(in_release(released.root, "reports/release.json"))
    for objects in ({"0" * 32: -1}, {"0" * 32: 2**60}, {"0" * 32: None}, []):
        content = json.dumps({**details, "objects": objects}).encode()
        rewrite(released.root, {"reports/release.json": content})
        with pytest.raises(VersionError, match=r"reports/release\.json of the commit"):
            verify(Git(released.root), [the_release(released.root)])


def test_a_tag_may_say_anything(released):
    for bomb, _ in BOMBS.values():
        line = bomb.decode("utf-8", "replace").replace("\0", "")[:5_000_000]
        assert read_message(f"v0.1.0\n\n{{{line}\n") is None
    rewrite(released.root, {}, message="v0.1.0\n\n" + '{"a":' * 100_000 + "\n")
    assert list_releases(Git(released.root), "augmented")[0].record is None


@pytest.mark.parametrize(
    "manifest", [[], {}, {"files": [], "facts": {}}, {"files": {"a": 1}, "facts": {}},
                 {"files": {"a": {"sha256": "x", "bytes": 1}}, "facts": {}}]
)  # fmt: skip
def test_a_manifest_of_another_form_is_told(tmp_path, manifest):
    write_json(tmp_path / "manifest.json", manifest)
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        verify_manifest(tmp_path)


@pytest.mark.parametrize("name", BOMBS)
def test_code_json_of_a_version_may_hold_anything(name):
    lock = b"schema: '2.0'\nstages: {}\n"
    files = {
        "params.yaml": b"seed: 1\n",
        "dvc.yaml": b"stages: {a: {cmd: x}}\n",
        "code.json": BOMBS[name][0],
    }
    (told,) = disagreements(files, lock)
    assert told.startswith("code.json ")
