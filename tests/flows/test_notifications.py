"""A message goes through Slack's own form of words, and one that does not arrive is a failure."""

import contextlib
import http.server
import json
import threading

import pytest
from apprise.plugins.slack import NotifySlack
from prefect.blocks.core import Block
from prefect.blocks.notifications import SlackWebhook

from flows.mail import Email
from flows.notifications import UnsentError, send
from flows.server import free_port
from pipeline.errors import ServiceError

SLACK = "https://hooks.slack.com/services/T1A1A1A1A/B1B1B1B1B/c1c1c1c1c1c1c1c1c1c1c1c1"


@contextlib.contextmanager
def listening(status: int):
    """A listener on loopback that answers with that status; its address and what it was posted."""
    posted: list[tuple[str, dict]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, json.loads(content)))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"ok" if status == 200 else b"no")

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services", posted
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def saved(monkeypatch):
    """Blocks by the name that params.yaml would give them, as the server would hand them out."""
    blocks: dict[str, Block] = {}

    def load(name: str) -> Block:
        if name not in blocks:
            raise ValueError(f"Unable to find block document {name}")
        return blocks[name]

    monkeypatch.setattr(Block, "load", load)
    return blocks


def test_slack_is_sent_subject_and_body_at_its_own_path(saved, monkeypatch):
    with listening(200) as (address, posted):
        monkeypatch.setattr(NotifySlack, "webhook_url", address)
        saved["slack-webhook/team"] = SlackWebhook(url=SLACK)
        send.fn("slack-webhook/team", "Equipoise: augmented@v0.2.0 promoted", "It helps.")
    [(path, message)] = posted
    assert path == "/services/T1A1A1A1A/B1B1B1B1B/c1c1c1c1c1c1c1c1c1c1c1c1"
    text = json.dumps(message)
    assert "Equipoise: augmented@v0.2.0 promoted" in text
    assert "It helps." in text


def test_a_message_that_slack_does_not_take_is_a_failure_that_names_no_address(saved, monkeypatch):
    with listening(403) as (address, _):
        monkeypatch.setattr(NotifySlack, "webhook_url", address)
        saved["slack-webhook/team"] = SlackWebhook(url=SLACK)
        with pytest.raises(UnsentError, match="slack-webhook/team could not send") as failed:
            send.fn("slack-webhook/team", "subject", "body")
    assert "c1c1c1" not in str(failed.value)


def test_a_mail_server_that_does_not_answer_is_a_failure(saved):
    url = f"mailto://u:secret@127.0.0.1:{free_port()}/?mode=insecure&from=a@b.org&to=c@d.org"
    saved["email/team"] = Email(url=url)
    with pytest.raises(UnsentError, match="email/team could not send") as failed:
        send.fn("email/team", "subject", "body")
    assert "secret" not in str(failed.value)


def test_a_block_that_nobody_made_is_told_and_not_tried_again(saved):
    with pytest.raises(ServiceError, match="There is no block slack-webhook/nowhere") as failed:
        send.fn("slack-webhook/nowhere", "subject", "body")
    assert not isinstance(failed.value, UnsentError)
