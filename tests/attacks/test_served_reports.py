"""`equipoise report --serve` hands out its pages, and answers anything else with a status alone."""

import contextlib
import http.client
import os
import socket
import threading

import pytest

from pipeline.commands.serving import HEADERS, make_server
from pipeline.errors import ServiceError

SECRET = b"a secret"
PAGE = b"<p>a page"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("served")
    folder = root / "reports"
    (folder / "versions").mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGE)
    (folder / "versions" / "v0.1.0.html").write_bytes(PAGE)
    (folder / "a b é.html").write_bytes(PAGE)
    (folder / "dir.html").mkdir()
    (folder / "dir.html" / "inner.txt").write_bytes(SECRET)
    (folder / "metrics.json").write_bytes(SECRET)
    (folder / "closed.html").write_bytes(SECRET)
    (folder / "closed.html").chmod(0)
    (root / "secret.html").write_bytes(SECRET)
    (root / "reports-of-another").mkdir()
    (root / "reports-of-another" / "x.html").write_bytes(SECRET)
    (folder / "out.html").symlink_to(root / "secret.html")
    (folder / "away").symlink_to(root)
    (folder / "loop.html").symlink_to(folder / "loop.html")
    (folder / "own.html").symlink_to(folder / "index.html")
    os.mkfifo(folder / "pipe.html")
    os.mkfifo(root / "pipe")
    with make_server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def raw(server, request: bytes) -> bytes:
    with socket.create_connection(server.server_address, timeout=60) as stream:
        with contextlib.suppress(OSError):
            stream.sendall(request)
            stream.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := stream.recv(65536):
                answer += part
        return answer


def ask(server, target: bytes, *, method=b"GET", host=None, more=b"") -> tuple[int, bytes]:
    host = host if host is not None else b"127.0.0.1:%d" % server.server_address[1]
    answer = raw(server, b"%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (method, target, host, more))
    head, _, body = answer.partition(b"\r\n\r\n")
    for name in HEADERS:
        assert f"\r\n{name}: ".encode() in head, head
    return int(head.split()[1]), body


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"/index.html",
        b"/?x=1",
        b"/versions/v0.1.0.html",
        b"/a%20b%20%C3%A9.html",
        b"/own.html",
    ],
)
def test_a_page_of_the_folder_is_handed_out(server, target):
    assert ask(server, target) == (200, PAGE)


@pytest.mark.parametrize(
    "target",
    [
        b"/x%00.html",
        b"/%00",
        b"/index.html%00",
        b"/index.html%00.html",
        b"/dir.html",
        b"/dir.html/",
        b"/dir.html/inner.txt",
        b"/versions",
        b"/versions/",
        b"/versions//v0.1.0.html",
        b"/./index.html",
        b"/../secret.html",
        b"/versions/../../secret.html",
        b"/%2e%2e/secret.html",
        b"/%2E%2E/secret.html",
        b"/..%2fsecret.html",
        b"/..%2Fsecret.html",
        b"/..%5csecret.html",
        b"/%252e%252e/secret.html",
        b"/versions%2fv0.1.0.html",
        b"/..;/secret.html",
        b"/../reports-of-another/x.html",
        b"/out.html",
        b"/away/secret.html",
        b"/loop.html",
        b"/pipe.html",
        b"/closed.html/x.html",
        b"/metrics.json",
        b"/nothing.html",
        b"/index.html/",
        b"/index.HTML",
        b"/.html",
        b"/%ff.html",
        b"/%zz.html",
        b"/%.html",
        b"/a%0d%0aSet-Cookie:x.html",
        b"/%1b%5b31m.html",
        b"/%E2%80%AE.html",
        b"/" + b"x" * 300 + b".html",
        b"/" + b"x/" * 3000 + b"x.html",
        b"/" + b"x" * 60000 + b".html",
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_anything_else_is_not_found_without_listing_or_traceback(server, target, method, capfd):
    status, body = ask(server, target, method=method)
    assert status == 404
    assert body in (b"404 Not Found\n", b"")
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_page_that_may_not_be_read_is_not_found(server):
    assert ask(server, b"/closed.html")[0] == 404


@pytest.mark.parametrize(
    "method", [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"PROPFIND", b"get", b"X" * 50]
)
def test_there_is_only_reading(server, method):
    assert ask(server, b"/index.html", method=method)[0] == 405


@pytest.mark.parametrize("target", [b"http://evil.example/index.html", b"*", b"index.html"])
def test_a_target_that_is_no_path_is_refused(server, target):
    assert ask(server, target)[0] == 400


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example",
        b"evil.example:80",
        b"127.0.0.1.evil.example:80",
        b"localhost.:80",
        b"localhost@evil.example:80",
        b"127.0.0.1:80:80",
        b"evil.example\r\nHost: localhost",
        b"localhost\r\nHost: evil.example",
        b"",
    ],
)
def test_a_name_that_was_made_to_point_at_this_machine_reads_no_report(server, host):
    status, body = ask(server, b"/index.html", host=host)
    assert (status, PAGE in body) == (421, False)


@pytest.mark.parametrize("host", [b"127.0.0.1", b"localhost:1", b"LocalHost", b"[::1]:80"])
def test_the_names_of_this_machine_are_answered(server, host):
    assert ask(server, b"/index.html", host=host)[0] == 200


@pytest.mark.parametrize("origin", [b"http://evil.example", b"null", b"http://localhost:3000"])
def test_a_page_of_another_site_reads_no_report(server, origin):
    status, body = ask(server, b"/index.html", more=b"Origin: %s\r\n" % origin)
    assert (status, PAGE in body) == (403, False)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", b" 414 "),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b" 431 "),
        (b"GET / HTTP/9.9\r\n\r\n", b" 505 "),
        (b"GET / nonsense\r\n\r\n", b" 400 "),
        (b"\x00\x01\x02\r\n\r\n", b" 400 "),
        (b"GET / HTTP/1.0\r\n\r\n", b" 421 "),
    ],
)
def test_a_request_that_is_none_gets_one_status(server, request_bytes, status, capfd):
    assert status in raw(server, request_bytes).partition(b"\r\n")[0]
    assert capfd.readouterr() == ("", "")


def test_a_client_that_breaks_off_is_no_news_and_the_next_is_served(server, capfd):
    with socket.create_connection(server.server_address, timeout=60) as stream:
        stream.sendall(b"GET / HT")
    connection = http.client.HTTPConnection(*server.server_address, timeout=60)
    connection.request("GET", "/")
    assert connection.getresponse().read() == PAGE
    assert capfd.readouterr() == ("", "")


def test_a_port_that_is_taken_is_told_in_a_sentence(server, tmp_path):
    port = server.server_address[1]
    with pytest.raises(ServiceError, match=f"Nothing can be served on port {port} .*--port"):
        make_server(tmp_path, port=port)
