"""A server on loopback answers its own clients, and no page of another site and no other user."""

import asyncio
import base64

import pytest

from flows.gate import Gate
from flows.identity import PROOF_PATH, proof_of

AUTH = "equipoise:a-secret"
RIGHT = "Basic " + base64.b64encode(AUTH.encode()).decode()
HOST = "127.0.0.1:4200"
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "dataset.example.org"})
EVIL_HOSTS = [
    "evil.example",
    "evil.example:4200",
    "127.0.0.1.evil.example",
    "evil.example#127.0.0.1",
    "evil.example\\127.0.0.1",
    "localhost.",
    "127.0.0.1.",
    "127.1",
    "0.0.0.0",
    "2130706433",
    "[::ffff:127.0.0.1]",
    "::1",
    "[::1",
    "user@127.0.0.1",
    "127.0.0.1@evil.example",
    "127.0.0.1:80@evil.example",
    "127.0.0.1:",
    "127.0.0.1:4200:4200",
    "127.0.0.1:123456",
    "127.0.0.1:٤٢٠٠",
    "127.0.0.1,evil.example",
    "127.0.0.1 evil.example",
    "127.0.0.1\x00",
    "",
]
EVIL_ORIGINS = [
    "http://evil.example",
    "https://evil.example:4200",
    "null",
    "",
    "file://",
    # Another program's page on this machine is another site.
    "http://127.0.0.1:3000",
    "http://127.0.0.1",
    "http://localhost:4200",
    "http://127.0.0.1:4200.evil.example",
    "http://127.0.0.1:4200/",
    "ftp://127.0.0.1:4200",
]


async def behind(scope, receive, send):
    """Stands for Prefect: answers whatever it hears of."""
    if scope["type"] == "http":
        headers = [(b"access-control-allow-origin", b"*"), (b"x-frame-options", b"ALLOWALL")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"reached"})
    else:
        await send({"type": f"{scope['type']}.accept"})


def ask(path="/api/flows", *, method="GET", kind="http", host=HOST, auth=RIGHT, more=()):
    """What the gate sends; every text of `host` is a header of its own."""
    hosts = [host] if isinstance(host, str) else host
    headers = [(b"host", name.encode("utf-8")) for name in hosts]
    headers += [(b"authorization", auth.encode())] if auth else []
    headers += [(name.lower().encode(), value.encode()) for name, value in more]
    scope = {"type": kind, "path": path, "headers": headers, "server": ("127.0.0.1", 4200)}
    scope |= {"method": method} if kind == "http" else {}
    sent = []

    async def send(message):
        sent.append(message)

    gate = Gate(behind, hosts=HOSTS, auth=AUTH, identity="token")
    asyncio.run(gate(scope, None, send))
    return sent


def status(*arguments, **options):
    return ask(*arguments, **options)[0]["status"]


@pytest.mark.parametrize("host", ["127.0.0.1", HOST, "LOCALHOST:1", "[::1]:4200"])
def test_a_client_of_this_machine_with_the_password_is_answered(host):
    assert ask(host=host)[1]["body"] == b"reached"


def test_the_declared_host_is_answered_on_any_port_as_through_a_tunnel():
    assert status(host="Dataset.Example.org:8443") == 200


@pytest.mark.parametrize("host", EVIL_HOSTS)
@pytest.mark.parametrize("path", ["/", "/api/csrf-token", "/api/health", "/ui-settings"])
def test_a_name_that_was_made_to_point_at_this_machine_is_refused(host, path):
    assert status(path, host=host) == 400


@pytest.mark.parametrize("hosts", [[], [HOST, "evil.example"], ["evil.example", HOST], [HOST] * 2])
def test_no_host_or_two_of_them_are_refused(hosts):
    assert status(host=hosts) == 400


@pytest.mark.parametrize(
    "path", ["http://evil.example/api/flows", "http://127.0.0.1:4200/api/flows", "*", "", "//api/x"]
)
def test_a_target_that_is_no_path_is_refused(path):
    assert status(path) == 400


@pytest.mark.parametrize("origin", EVIL_ORIGINS)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "OPTIONS"])
def test_a_page_of_another_site_is_refused_even_with_the_password(origin, method):
    assert status(method=method, more=[("Origin", origin)]) == 403


def test_a_second_origin_helps_nobody():
    more = [("Origin", f"http://{HOST}"), ("Origin", "http://evil.example")]
    assert status(more=more) == 403


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_servers_own_page_is_answered_behind_tls_too(scheme):
    assert status(more=[("Origin", f"{scheme}://{HOST}")]) == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "?"])
def test_a_browser_that_says_that_another_site_asks_is_believed(site):
    assert status(more=[("Sec-Fetch-Site", site)]) == 403
    assert status("/api/health", more=[("Sec-Fetch-Site", site)]) == 403
    assert status("/assets/index.js", more=[("Sec-Fetch-Site", site)]) == 403


def test_a_link_in_a_mail_opens_the_ui_but_no_frame_does():
    opened = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")]
    assert status("/runs", more=[*opened, ("Sec-Fetch-Dest", "document")]) == 200
    assert status("/runs", more=[*opened, ("Sec-Fetch-Dest", "iframe")]) == 403


@pytest.mark.parametrize(
    "auth",
    [
        None,
        "",
        "Basic",
        RIGHT.replace("Basic", "Bearer"),
        RIGHT[:-1],
        RIGHT + "A",
        "Basic " + base64.b64encode(b"equipoise:another").decode(),
        "Basic é",
        AUTH,
    ],
)
@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/csrf-token", "/api/docs", "/api/openapi.json", "/api/healthy"]
)
def test_without_the_password_the_api_answers_nothing(auth, path):
    assert status(path, auth=auth) == 401


def test_two_passwords_are_none():
    assert status(more=[("Authorization", RIGHT)]) == 401


def test_whether_it_is_up_is_told_without_a_password_and_changes_nothing():
    assert status("/api/health", auth=None) == 200
    assert status("/api/health", auth=None, method="POST") == 401


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/", "/DOCS", "/redoc", "/openapi.json", "/docs/oauth2-redirect"]
)
def test_how_the_server_is_built_is_told_to_nobody(path):
    assert status(path) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_outside_the_api_there_is_only_reading(method):
    assert status("/ui-settings", method=method) == 405


def test_every_answer_forbids_framing_and_keeps_only_the_gates_word_on_it():
    headers = ask()[0]["headers"]
    found = [value for name, value in headers if name == b"x-frame-options"]
    assert found == [b"DENY"]
    assert (b"x-content-type-options", b"nosniff") in ask("/api/x", auth=None)[0]["headers"]


@pytest.mark.parametrize("path", ["/api/events/in", "/api/events/out", "/api/logs/out"])
@pytest.mark.parametrize(
    ("host", "origin"),
    [("evil.example", None), ("evil.example", "http://evil.example"), (HOST, "http://evil.example")]
    + [(HOST, origin) for origin in EVIL_ORIGINS],
)
def test_a_websocket_of_another_site_is_closed_before_it_opens(path, host, origin):
    more = [("Origin", origin)] if origin is not None else []
    sent = ask(path, kind="websocket", host=host, more=more)
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_a_websocket_of_ones_own_is_passed_on_and_one_outside_the_api_is_not():
    assert ask("/api/events/in", kind="websocket")[0]["type"] == "websocket.accept"
    assert ask("/other", kind="websocket")[0]["type"] == "websocket.close"


def test_the_start_of_the_server_is_passed_on():
    assert ask(kind="lifespan", host=[])[0]["type"] == "lifespan.accept"


def test_who_knows_the_workspace_proves_it_for_its_own_port_alone():
    [_, answer] = ask(f"{PROOF_PATH}0123", auth=None)
    assert answer["body"].decode() == proof_of("token", 4200, "0123")
    assert answer["body"].decode() != proof_of("token", 4201, "0123")
    assert b"token" not in answer["body"]
