"""A report that somebody else released runs nothing, asks nobody and leads nowhere."""

import json
import shlex
import threading
from functools import cache

import pytest
from typer.testing import CliRunner

from pipeline import shelf
from pipeline.cli import app
from pipeline.commands.serving import make_server
from pipeline.errors import VersionError
from pipeline.reporting.page import render_report
from pipeline.reporting.quiet import POLICY, problem_of, with_policy
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from tests.released import PAGE, record, release
from tests.reporting.example_material import example_material
from tests.reporting.payloads import PAYLOADS
from tests.reporting.test_hostile_names import many_classes

ELSEWHERE = "http://127.0.0.1:9/told"
# What runs a program or loads something by itself, under the policy as well as by the form.
RUNNING = {
    "a script": "<script>alert(1)</script>",
    "a script of another server": f'<script src="{ELSEWHERE}"></script>',
    "a script in capitals": "<SCRIPT>alert(1)</SCRIPT>",
    "a script in a drawing": "<svg><script>alert(1)</script></svg>",
    "a handler": '<img src="data:image/png;base64,AA" onerror="alert(1)">',
    "a handler without quotes": "<svg onload=alert(1)>",
    "a handler after a slash": "<svg/onload=alert(1)>",
    "a handler in capitals": '<p OnMouseOver="alert(1)" style="position:fixed;inset:0">x</p>',
    "an element that opens by itself": '<details open ontoggle="alert(1)">x</details>',
    "a picture of another server": f'<img src="{ELSEWHERE}">',
    "a set of pictures": f'<img srcset="{ELSEWHERE} 1x">',
    "a picture in a drawing": f'<svg><image href="{ELSEWHERE}"/></svg>',
    "a style of another server": f'<link rel="stylesheet" href="{ELSEWHERE}">',
    "an imported style": f"<style>@import '{ELSEWHERE}';</style><p>x</p>",
    "a picture by a style": f'<p style="background:url({ELSEWHERE})">x</p>',
    "a frame": f'<iframe src="{ELSEWHERE}"></iframe>',
    "a frame with a page": '<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;"></iframe>',
    "an object": f'<object data="{ELSEWHERE}"></object>',
    "an embedded thing": f'<embed src="{ELSEWHERE}">',
    "a sound": f'<audio src="{ELSEWHERE}" autoplay></audio>',
    "a foreign object": "<svg><foreignObject><script>alert(1)</script></foreignObject></svg>",
    "a script behind a title": "<title><p title=\"</title><script>alert(1)</script>\"></title>",
    "a script behind a style": '<style><!--</style><script>alert(1)</script>--></style>',
    "a script behind a comment": "<!--><script>alert(1)</script>-->",
    "a script behind another comment": "<!-- --!><script>alert(1)</script> -->",
    "a script in a comment's condition": "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "a text area": "<textarea></textarea><script>alert(1)</script>",
    "plain text": "<plaintext><script>alert(1)</script>",
    "a template": "<template shadowrootmode=open><script>alert(1)</script></template>",
    "a looser policy before": "<meta http-equiv=Content-Security-Policy content=\"script-src *\">"
                              "<script>alert(1)</script>",
}  # fmt: skip
# What leads elsewhere when somebody clicks, or which no policy in a page can forbid.
LEADING = {
    "a jump": f'<meta http-equiv="refresh" content="0;url={ELSEWHERE}">',
    "a jump in another spelling": f"<MeTa content='0;url={ELSEWHERE}' http-equiv=REFRESH>",
    "a jump with a reference": f'<meta http-equiv="&#114;efresh" content="0;url={ELSEWHERE}">',
    "a link out": f'<a href="{ELSEWHERE}">x</a>',
    "a link that runs": '<a href="javascript:alert(1)">x</a>',
    "a link that runs, disguised": '<a href="java&#115;cript:alert(1)">x</a>',
    "a link that runs, with a tab": '<a href="java\tscript:alert(1)">x</a>',
    "a link in a drawing": '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "a link that changes": '<svg><a href="#a"><animate attributeName="href" to="x"/></a></svg>',
    "two links in one": f'<a href="#a" href="{ELSEWHERE}">x</a>',
    "a page in a link": '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "a file of this machine": '<a href="file:///etc/passwd">x</a>',
    "another file beside it": '<a href="../../secret.html">x</a>',
    "a link that tells": f'<a href="#a" ping="{ELSEWHERE}">x</a>',
    "a form": f'<form action="{ELSEWHERE}"><input name="password"></form>',
    "a button": f'<button formaction="{ELSEWHERE}">x</button>',
    "another base": f'<base href="{ELSEWHERE}">',
    "a name looked up": '<link rel="dns-prefetch" href="//evil.example.org">',
    "a connection made": '<link rel="preconnect" href="//evil.example.org">',
    "a window": '<a href="#a" target="_blank">x</a>',
    "a drawing as a picture": '<img src="data:image/svg+xml;base64,PHN2Zz4=">',
    "formulas": '<math><mtext><mglyph><style></style></mglyph></mtext></math>',
    "marked data": "<![CDATA[<script>alert(1)</script>]]>",
    "an instruction": '<?xml-stylesheet href="x"?>',
    "an unfinished tag": '<p class="',
    "a bare angle": "1 < 2",
    "a vertical tab": '<p\x0bclass="x">',
}  # fmt: skip
ATTACKS = {**RUNNING, **LEADING}


@cache
def own_page() -> str:
    return render_report(example_material())


def page_with(attack: str) -> str:
    return own_page().replace("</main>", f"{attack}</main>", 1)


def test_our_own_pages_are_of_the_form_with_hostile_names_as_well():
    assert problem_of(own_page()) is None
    assert problem_of(render_report(many_classes(PAYLOADS))) is None
    assert problem_of(PAGE) is None


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("place", ["first", "amid", "last"])
def test_a_page_with_anything_else_is_not(attack, place):
    page = own_page()
    whole = {"first": attack + page, "amid": page_with(attack), "last": page + attack}[place]
    if attack == RUNNING["an imported style"] or attack == RUNNING["a picture by a style"]:
        # Styles may say anything: the policy keeps them from asking.
        assert problem_of(whole) is None
    else:
        assert problem_of(whole)


@pytest.fixture
def repository(tmp_path):
    """A good version and one of a stranger's."""
    root = tmp_path / "repository"
    root.mkdir()
    release(root, "v0.1.0")
    release(root, "v0.2.0", page=page_with(RUNNING["a script"]), gain=2.0)
    return root


def test_such_a_page_is_never_written_and_the_shelf_of_the_others_is(repository, tmp_path, caplog):
    folder = tmp_path / "shelf"
    index = shelf.fill(Git(repository), "augmented", folder).read_text()
    assert sorted(path.name for path in folder.rglob("*.html")) == ["index.html", "v0.1.0.html"]
    assert "versions/v0.2.0.html" not in index
    assert "v0.2.0" in index
    assert "reports/report.html of augmented@v0.2.0 holds a tag <script> (line " in caplog.text
    newest = list_releases(Git(repository), "augmented")[-1]
    with pytest.raises(
        VersionError, match=r"holds a tag <script>.*git show augmented@v0\.2\.0:rep"
    ):
        shelf.put(Git(repository), newest, folder)


def test_the_command_ends_in_a_sentence(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["report", "v0.2.0", "--repo", str(repository)])
    assert result.exit_code == 2
    assert not (tmp_path / "reports" / "versions" / "v0.2.0.html").exists()


def test_the_policy_stands_before_all_that_the_page_says(repository, tmp_path):
    shelf.fill(Git(repository), "augmented", tmp_path)
    page = (tmp_path / "versions" / "v0.1.0.html").read_text()
    assert page.index(POLICY) < page.index("<h1>")
    assert page.startswith('<!doctype html>\n<meta charset="utf-8">\n<meta http-equiv="Content-Sec')


def told_by(browser, address):
    """Dialogs, requests beyond the page itself, and where the page is after a moment."""
    context = browser.new_context()
    page = context.new_page()
    dialogs, requests = [], []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    # A request that the policy forbids is told as one, and fails with `csp` before it is sent.
    page.on("requestfinished", lambda request: requests.append(request.url))
    page.on(
        "requestfailed",
        lambda request: None if request.failure == "csp" else requests.append(request.url),
    )
    page.goto(address)
    page.mouse.move(50, 50)
    page.wait_for_timeout(50)
    foreign = [url for url in requests if url != address and not url.startswith("data:")]
    title, after = page.title(), page.url
    context.close()
    return dialogs, foreign, after, title


def test_in_a_browser_the_policy_alone_keeps_every_script_and_request_from_happening(
    chromium,
    tmp_path,
):
    for number, (name, attack) in enumerate(RUNNING.items()):
        path = tmp_path / f"{number}.html"
        path.write_text(with_policy(page_with(attack)), encoding="utf-8")
        dialogs, foreign, after, _ = told_by(chromium, path.as_uri())
        assert (dialogs, foreign, after) == ([], [], path.as_uri()), name


def test_in_a_browser_our_own_page_looks_the_same_from_a_file_and_served(
    chromium,
    tmp_path,
):
    root = tmp_path / "repository"
    root.mkdir()
    release(root, "v0.1.0", page=own_page(), promotion=1)
    shelf.fill(Git(root), "augmented", tmp_path / "shelf")
    path = tmp_path / "shelf" / "versions" / "v0.1.0.html"
    with make_server(tmp_path / "shelf") as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        served = f"http://127.0.0.1:{server.server_address[1]}/versions/v0.1.0.html"
        for address in (path.as_uri(), served):
            page = chromium.new_page()
            page.goto(address)
            assert page.title() == "v0.1.0 · augmented: evaluation report"
            assert page.evaluate("document.compatMode") == "CSS1Compat"
            assert page.evaluate("document.documentElement.lang") == "en"
            paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert paper != "rgba(0, 0, 0, 0)"
            assert page.evaluate(
                "document.images[0].complete && document.images[0].naturalWidth > 0"
            )
            page.close()
        server.shutdown()


HUGE = 10.0**308


@pytest.mark.parametrize(
    ("metric", "changes"),
    [(HUGE, {}), (-HUGE, {"seed": 10**39}), (10**40, {"rows": {"a": {"real": -1}}}),
     (1e10, {"gain_points": HUGE, "interval_points": (-HUGE, HUGE)}), ("x", {"rows": {}}),
     (None, {"rows": {"a": {"real": 10**399}}}), (True, {})],
)  # fmt: skip
def test_figures_of_any_size_leave_the_index_readable(tmp_path, metric, changes):
    git = Git(tmp_path)
    git.run("init", "--quiet", "--initial-branch=main")
    for version in ("v0.1.0", "v0.2.0"):
        line = {**json.loads(record().model_dump_json()), **changes}
        metrics = {
            "recommended_arm": "mix",
            "score.panel.mix.balanced_accuracy": metric,
            "fidelity.coverage": metric,
        }
        commit = git.write_commit(
            {"dvc.lock": b"schema: '2.0'\n", "reports/metrics.json": json.dumps(metrics).encode()},
            index=tmp_path / ".git" / "private", replaces=[], message=version,
        )  # fmt: skip
        git.write_tags({f"augmented@{version}": f"x\n\n{json.dumps(line)}"}, commit=commit)
    page = shelf.fill(git, "augmented", tmp_path / "shelf").read_text()
    assert "v0.2.0" in page


@pytest.mark.parametrize("place", ["reports", "reports/versions"])
def test_a_link_that_came_with_the_repository_leads_no_page_elsewhere(tmp_path, monkeypatch, place):
    root, own = tmp_path / "clone", tmp_path / "own"
    root.mkdir()
    release(root, "v0.1.0")
    (own / "versions").mkdir(parents=True)
    (own / "index.html").write_text("mine")
    (root / place).parent.mkdir(exist_ok=True)
    (root / place).symlink_to(own)
    monkeypatch.chdir(root)
    for line in (["report"], ["report", "v0.1.0"]):
        told = CliRunner().invoke(app, line)
        assert told.exit_code == 2
        assert f"{place} is a link" in told.output
    assert (own / "index.html").read_text() == "mine"
    assert not [*own.rglob("v0*")]
    named = CliRunner().invoke(app, shlex.split(told.output.split("`")[1])[1:])
    assert named.exit_code == 0
    assert (own / "index.html").read_text() != "mine"
