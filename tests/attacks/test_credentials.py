"""A token in a URL stands in no error, log, record, notification, tag or release."""

import json
import logging

import pytest

from flows.audience import step, watching
from flows.notifications import Occasion
from pipeline.credentials import without_credentials
from pipeline.errors import ParamsError, VersionError
from pipeline.last_run import LAST_RUN_FILE, note_run
from pipeline.params import load_params
from pipeline.versions.git import Git
from pipeline.versions.release import release
from pipeline.versions.remote_settings import set_remote
from pipeline.workspace import Workspace
from tests.versions.conftest import sh

# Of no form that is known by itself.
TOKEN = "word0123456789abcdef"
URLS = [
    f"https://user:{TOKEN}@127.0.0.1:1/team.git",
    f"https://{TOKEN}@127.0.0.1:1/team.git",
    f"HTTPS://x:{TOKEN}@127.0.0.1/team.git",
    f"ssh://{TOKEN}@127.0.0.1:1/team.git",
    f"https://user:{TOKEN}/more@127.0.0.1/team.git",
    f"https://user:a@{TOKEN}@127.0.0.1/team.git",
    f"https://127.0.0.1:1/team.git?token={TOKEN}",
    f"https://127.0.0.1:1/team.git?a=1&private_token={TOKEN}&b=2",
    f"https://bucket/x?X-Amz-Credential={TOKEN}&X-Amz-Signature={TOKEN}",
    f"https://account/x?sv=1&sig={TOKEN}%3D",
    f"https://host/x#access_token={TOKEN}",
    f"postgresql+asyncpg://me:{TOKEN}@host/name",
    f"https%3A%2F%2Fme%3A{TOKEN}%40host%2Fteam.git",
    f"https://host/login?next=https%3a%2f%2f{TOKEN}@host%2Fteam.git",
    f"https://host/login?next=%2Fteam.git%3Faccess_token%3D{TOKEN}%26page=2",
    f"me:{TOKEN}@host.example.org:team.git",
]


def with_remote(workspace, address):
    text = workspace.params_file.read_text()
    workspace.params_file.write_text(f"{text}release: {{git_remote: '{address}'}}\n")
    return load_params(workspace.params_file)


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("form", ["{}", "fatal: unable to access '{}': refused", '{{"url": "{}"}}'])
def test_no_form_of_a_url_keeps_its_token(url, form):
    shown = without_credentials(form.format(url))
    assert TOKEN not in shown
    assert "team.git" in shown or "team.git" not in url


@pytest.mark.parametrize(
    "token",
    [
        "ghp_0123456789abcdefABCDEF",
        "github_pat_11ABCDEFG0123456789_abcdef",
        "glpat-0123456789abcdef-xyz",
        "xoxb-0123456789-abcdef",
        "hf_0123456789abcdefABCDEF",
        "AKIA0123456789ABCDEF",
    ],
)
@pytest.mark.parametrize("form", ["{}", "https://host/{}/team.git", "token '{}' refused", "a={};"])
def test_a_token_of_a_known_form_is_hidden_wherever_it_stands(token, form):
    assert token not in without_credentials(form.format(token))


@pytest.mark.parametrize(
    "text",
    [
        "augmented@v1.2.0 and augmented#promoted#1",
        "https://host:8080/a@b/c",
        "http://host/@scope/package",
        "http://[::1]:4200/a@b",
        "git@host:team/data.git",
        "file:///srv/a@b",
        "https://host/a?next=https%3A%2F%2Fhost%2Fa%40b",
        "/srv/a:b@host.example.org/x and note: a@b.example.org:x",
        "ghp_short, AKIA and the class hf_cat",
        "write to me@example.org about https://example.org/x?page=2",
    ],
)
def test_what_holds_no_credential_is_left_as_it_is(text):
    assert without_credentials(text) == text


@pytest.mark.parametrize("url", URLS)
def test_an_error_never_shows_a_token(url):
    assert TOKEN not in str(VersionError(f"{url} cannot be read."))
    assert TOKEN not in str(ParamsError(f"{url}:", [f"`release.git_remote` is {url}."]))


def test_a_push_to_an_address_with_a_token_fails_without_showing_it(workspace):
    lines = []
    params = with_remote(workspace, URLS[0])
    with pytest.raises(VersionError, match=r"127\.0\.0\.1:1") as refused:
        release(workspace, params, on_line=lines.append)
    assert TOKEN not in f"{refused.value}{lines}"


def test_a_release_publishes_the_address_without_its_token(workspace, monkeypatch):
    monkeypatch.setattr("pipeline.versions.release.fetch_tags", lambda *_: None)
    monkeypatch.setattr("pipeline.versions.release.publish_tags", lambda *_, **__: None)
    params = with_remote(workspace, URLS[0])
    outcome = release(workspace, params)
    shown = sh(workspace.root, "git", "show", outcome.tag)
    held = sh(workspace.root, "git", "ls-tree", "-r", "--name-only", outcome.commit).split()
    assert {"params.yaml", "reports/release.json"} <= set(held)
    whole = [Git(workspace.root).read(outcome.commit, path) for path in held]
    assert TOKEN not in shown
    assert not any(TOKEN.encode() in content for content in whole)


def test_a_token_in_the_address_of_a_remote_is_refused_and_not_shown(tmp_path):
    with pytest.raises(VersionError, match=r"sig=\*\*\*") as refused:
        set_remote(tmp_path, f"https://host/data?sig={TOKEN}", {})
    assert TOKEN not in str(refused.value)
    assert not any(tmp_path.iterdir())


def test_params_without_a_password_are_published_byte_for_byte(workspace, params):
    text = workspace.params_file.read_text() + "# see https://host/x?token=of-a-comment\n"
    workspace.params_file.write_text(text)
    outcome = release(workspace, params)
    assert Git(workspace.root).read(outcome.commit, "params.yaml") == text.encode()


def test_log_record_and_notification_hold_no_token(tmp_path, caplog):
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    workspace = Workspace.at(tmp_path)
    heard = []

    class Listener:
        def began(self, stage): ...
        def said(self, stage, line):
            heard.append(line)

        def ended(self, stage, outcome, seconds): ...

    with (
        caplog.at_level(logging.INFO),
        watching(Listener()),
        step("release", logging.getLogger("run")) as here,
    ):
        here.say(f"pushing to {URLS[0]}")
    note_run(workspace, "Failed", f"OSError: {URLS[0]}")
    record = json.loads((workspace.private / LAST_RUN_FILE).read_text())
    body = Occasion.of_failure(VersionError(f"{URLS[0]} is gone.")).body
    assert TOKEN not in f"{heard}{caplog.text}{record}{body}"
    assert "127.0.0.1" in body
