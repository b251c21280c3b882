"""The password of a workspace's server is random, its owner's alone, and sent to nobody else."""

import http.server
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flows.identity import identity_token, proof_of
from flows.password import AUTH_VARIABLE, auth_string, password_file, way_in
from flows.schedule import Schedule
from flows.secret_file import secret_line
from flows.server import ServerAddress, is_ours
from pipeline.errors import ServiceError
from pipeline.workspace import Workspace


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.delenv(AUTH_VARIABLE, raising=False)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "params.yaml").write_text("seed: 1\n")
    return Workspace.at(tmp_path / "own")


@pytest.fixture
def lax_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_it_is_random_stays_and_is_for_its_owner_alone(workspace, tmp_path, lax_umask):
    found = auth_string(workspace)
    assert found == auth_string(workspace)
    user, _, password = found.partition(":")
    assert user
    assert len(password) >= 40
    path = password_file(workspace)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.is_relative_to(workspace.private)
    # One line, as the UI's form takes it.
    assert path.read_text() == f"{found}\n"
    assert list(path.parent.glob(".server-password*")) == []
    other = tmp_path / "other"
    other.mkdir()
    (other / "params.yaml").write_text("seed: 1\n")
    assert auth_string(Workspace.at(other)) != found


def test_all_who_ask_first_at_once_get_the_same(workspace):
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: auth_string(workspace), range(64)))
    assert len(found) == 1


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620, 0o602, 0o601])
def test_one_that_others_could_use_is_replaced_and_that_is_told(workspace, mode, caplog):
    before = auth_string(workspace)
    password_file(workspace).chmod(mode)
    after = auth_string(workspace)
    assert after != before
    assert stat.S_IMODE(password_file(workspace).stat().st_mode) == 0o600
    assert "is replaced by a new one" in caplog.text
    assert before not in caplog.text
    assert after not in caplog.text


def test_one_of_another_user_is_replaced(workspace, monkeypatch):
    before = auth_string(workspace)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(ServiceError, match="cannot be kept for its owner alone"):
        auth_string(workspace)
    monkeypatch.undo()
    assert auth_string(workspace) != before


def test_a_link_is_not_followed_and_what_it_leads_to_stays(workspace, tmp_path):
    aim = tmp_path / "aim"
    aim.write_text("equipoise:known-to-the-stranger\n")
    aim.chmod(0o600)
    path = password_file(workspace)
    path.parent.mkdir(parents=True)
    path.symlink_to(aim)
    assert auth_string(workspace) != "equipoise:known-to-the-stranger"
    assert not path.is_symlink()
    assert aim.read_text() == "equipoise:known-to-the-stranger\n"


def test_a_link_to_nowhere_makes_no_file_there(workspace, tmp_path):
    path = password_file(workspace)
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "nowhere")
    assert auth_string(workspace)
    assert not (tmp_path / "nowhere").exists()


def test_a_pipe_in_its_place_does_not_hang(workspace):
    path = password_file(workspace)
    path.parent.mkdir(parents=True)
    os.mkfifo(path, 0o600)
    assert auth_string(workspace)


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"a:\x1b[31m\n", b"\xff\xfe:x\n"])
def test_one_that_is_no_line_is_replaced(workspace, content):
    auth_string(workspace)
    password_file(workspace).write_bytes(content)
    assert len(auth_string(workspace)) > 40


def test_a_folder_in_its_place_is_refused_in_a_sentence(workspace):
    password_file(workspace).mkdir(parents=True)
    with pytest.raises(ServiceError, match="cannot be used"):
        auth_string(workspace)


def test_where_modes_do_not_hold_it_is_refused(tmp_path, monkeypatch):
    # As on a file system that knows no owner: whatever is asked for, all may read.
    chmod = os.fchmod
    path = tmp_path / "secret"
    monkeypatch.setattr(os, "fchmod", lambda descriptor, _: chmod(descriptor, 0o666))
    with pytest.raises(ServiceError, match="does not stay 0600"):
        secret_line(path, lambda: "x:y")


@pytest.mark.parametrize(
    "auth", ["nocolon", ":hunter2", "hunter2:", "user:hunter\n2", "user:hüntér", "user:a\x1b[31m"]
)
def test_a_declared_one_that_cannot_work_is_refused_without_showing_it(
    workspace, monkeypatch, auth
):
    monkeypatch.setenv(AUTH_VARIABLE, auth)
    with pytest.raises(ServiceError, match=r"is not user:password .* leave it out") as refused:
        auth_string(workspace)
    assert auth not in str(refused.value)


def test_a_declared_one_holds_and_no_file_is_made(workspace, monkeypatch):
    monkeypatch.setenv(AUTH_VARIABLE, "user:pass word:2")
    assert auth_string(workspace) == "user:pass word:2"
    assert not password_file(workspace).exists()
    assert "pass word" not in way_in(workspace)


def test_the_way_in_names_the_file_and_not_the_secret(workspace):
    secret = auth_string(workspace)
    assert str(password_file(workspace)) in way_in(workspace)
    assert secret not in way_in(workspace)


def test_another_program_on_the_port_is_sent_no_password(workspace):
    heard = []

    class Squatter(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(str(self.headers))
            self.send_response(200)
            self.end_headers()
            # Of another workspace, or guessed.
            nonce = self.path.rpartition("/")[2]
            self.wfile.write(proof_of("guess", self.server.server_port, nonce).encode())

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Squatter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = ServerAddress("127.0.0.1", server.server_port, auth_string(workspace))
    assert not is_ours(workspace, address)
    server.shutdown()
    server.server_close()
    assert heard
    assert "authorization" not in "".join(heard).lower()


def test_a_true_server_elsewhere_is_of_no_use_to_who_passes_the_question_on(workspace):
    token = identity_token(workspace)
    assert proof_of(token, 4200, "nonce") != proof_of(token, 4201, "nonce")


def test_server_and_clients_are_told_hosts_and_password_by_environment():
    schedule = Schedule("0 3 * * *", None, "UTC", "", allowed_hosts=("dataset.example.org",))
    told = schedule.address("u:p").environment()
    hosts = told["EQUIPOISE_ALLOWED_HOSTS"].split(",")
    assert hosts == ["127.0.0.1", "localhost", "[::1]", "dataset.example.org"]
    assert told["PREFECT_SERVER_API_AUTH_STRING"] == told["PREFECT_API_AUTH_STRING"] == "u:p"


@pytest.mark.parametrize(
    ("host", "extra"),
    [("0.0.0.0", []), ("::", []), ("192.168.1.7", ["192.168.1.7"]), ("fd00::7", ["[fd00::7]"])],
)
def test_the_address_on_which_it_listens_is_a_name_of_it_and_a_wildcard_is_none(host, extra):
    hosts = ServerAddress(host, 4200, "u:p").guarded()["EQUIPOISE_ALLOWED_HOSTS"].split(",")
    assert hosts == ["127.0.0.1", "localhost", "[::1]", *extra]
