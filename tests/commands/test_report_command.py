"""`equipoise report`, and the server behind --serve."""

import http.client
import threading
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.serving import make_server
from tests.released import release


@pytest.fixture
def repository(tmp_path, monkeypatch):
    root = tmp_path / "repository"
    root.mkdir()
    release(root, "v0.1.0")
    release(root, "v0.2.0", gain=2.0, promotion=1)
    monkeypatch.chdir(root)
    return root


def equipoise(*arguments):
    return CliRunner().invoke(app, ["report", *arguments])


def test_without_a_version_the_index_is_written_and_named(repository):
    result = equipoise()
    assert result.exit_code == 0
    assert result.stdout.strip() == "reports/index.html"
    assert (repository / "reports" / "index.html").is_file()


def test_any_released_version_is_shown(repository):
    result = equipoise("v0.1.0")
    assert result.stdout.strip() == "reports/versions/v0.1.0.html"


def test_promoted_names_the_newest_promoted_version(repository):
    assert equipoise("promoted").stdout.strip() == "reports/versions/v0.2.0.html"


def test_open_hands_the_page_to_the_browser(repository, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert equipoise("v0.1.0", "--open").exit_code == 0
    assert opened == [(repository / "reports/versions/v0.1.0.html").as_uri()]


def test_an_unknown_version_is_refused_with_the_known_ones(repository):
    result = equipoise("v7.0.0")
    assert result.exit_code == 2
    assert "There is no version v7.0.0" in result.output
    assert "Traceback" not in result.output


@contextmanager
def served(folder):
    with make_server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address
        finally:
            server.shutdown()
            thread.join()


def get(address, path, host=None):
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request("GET", path, headers={"Host": host} if host else {})
    response = connection.getresponse()
    return response.status, response.getheader("Content-Security-Policy"), response.read()


def test_the_server_binds_loopback_alone_and_shows_the_index(tmp_path):
    (tmp_path / "index.html").write_text("the index")
    with served(tmp_path) as address:
        assert address[0] == "127.0.0.1"
        status, policy, body = get(address, "/")
    assert (status, body) == (200, b"the index")
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize(
    "path",
    [
        "/metrics.json",
        "/../secret.html",
        "/%2e%2e/secret.html",
        "/..%2fsecret.html",
        "/link.html",
        "/versions",
        "/nothing.html",
    ],
)
def test_the_server_hands_out_nothing_but_pages_of_its_folder(tmp_path, path):
    folder = tmp_path / "reports"
    (folder / "versions").mkdir(parents=True)
    (folder / "metrics.json").write_text("{}")
    (tmp_path / "secret.html").write_text("secret")
    (folder / "link.html").symlink_to(tmp_path / "secret.html")
    with served(folder) as address:
        status, _, body = get(address, path)
    assert status == 404
    assert b"secret" not in body


def test_a_name_that_was_made_to_point_at_this_machine_is_refused(tmp_path):
    (tmp_path / "index.html").write_text("the index")
    with served(tmp_path) as address:
        status, _, body = get(address, "/", host="evil.example:80")
    assert status == 421
    assert b"the index" not in body
