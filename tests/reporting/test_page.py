"""The page as a reader meets it, in a real browser: whole, quiet, accessible, on every screen."""

import base64
import hashlib
import re
from dataclasses import replace
from functools import cache
from importlib.resources import files

import pytest

from pipeline import numbers
from pipeline.reporting.index import Entry, render_index
from pipeline.reporting.page import render_report, sections
from pipeline.reporting.sections.worth import worth_sentences
from pipeline.reporting.stamp import Stamp, stamped
from pipeline.results import Interval, LearningPoint
from tests.reporting.example_material import example_material

KEYS = [
    "verdict", "comparison", "classes", "balance", "pictures", "fidelity", "copies", "training",
    "worth", "power", "making", "limits",
]  # fmt: skip
MOST_BYTES = 3_000_000


@cache
def report() -> str:
    return render_report(example_material())


@cache
def index() -> str:
    entries = [
        Entry(
            version=f"v0.{minor}.0",
            date="2026-11-21T10:00:00+00:00",
            promotion=minor if minor % 2 else None,
            verdict="helps" if minor % 2 else "no evidence",
            gan_verdict="no evidence",
            metric="balanced_accuracy",
            classifier="cnn",
            gain_points=0.4 * minor,
            interval_points=(0.4 * minor - 1, 0.4 * minor + 1),
            rows={"0": {"real": 80, "gan": 0}, "1": {"real": 10, "gan": 70}},
            page=f"versions/v0.{minor}.0.html",
            metrics={"score.cnn.mix.balanced_accuracy": 0.9, "fidelity.coverage": 0.1 * minor},
        )
        for minor in range(1, 6)
    ]
    return render_index("augmented", entries)


def test_sections_stand_in_the_order_in_which_a_reader_needs_them():
    assert [section.key for section in sections(example_material())] == KEYS


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (None, ""),
        (
            {"version": "v0.3.0", "generator": "abcdef0123456789", "reason": ""},
            "The training started from the generator abcdef012345 of version v0.3.0, not from ",
        ),
        (
            {"version": "v0.3.0", "generator": None, "reason": "the <schema> changed."},
            "The training began from zero and not from version v0.3.0: the &lt;schema&gt; changed.",
        ),
    ],
)
def test_the_training_section_says_from_which_version_it_started(start, sentence):
    material = example_material()
    config = {**material.generator.get("config", {}), **({"start": start} if start else {})}
    page = render_report(replace(material, generator={**material.generator, "config": config}))
    assert sentence in page
    assert ("The training " in page) == bool(start)


def test_the_verdict_is_one_sentence_with_number_and_interval():
    headline = re.search(r"<h1>(.*?)</h1>", report())[1]
    assert headline == (
        "On held-out data, the recommended mix changes balanced accuracy by +1.2 points "
        "(95\u202f% interval +0.3 to +2.0) over current practice, class-balanced sampling: it "
        "helps, and is promoted<!--promoted-as-->."
    )


def test_a_proof_that_the_two_sided_interval_does_not_show_is_told_with_its_bound():
    result = example_material().result
    wide = result.comparisons[0].model_copy(
        update={"interval_points": Interval(low=-0.4, high=2.7), "lower_bound_points": 0.2}
    )
    changed = result.model_copy(update={"comparisons": (wide, *result.comparisons[1:])})
    headline = re.search(r"<h1>(.*?)</h1>", render_report(example_material(result=changed)))[1]
    assert "interval −0.4 to +2.7, one-sided lower bound +0.2)" in headline


def test_the_gan_has_its_own_answer_beside_the_mix():
    text = re.search(r'<div class="answers">.*?</div>', report(), re.DOTALL)[0]
    assert text.index("recommended mix better") < text.index("Does the GAN beat")
    assert "No evidence" in text


def test_a_mix_that_never_differs_from_current_practice_is_told_without_a_number():
    result = example_material().result
    none = {"gains_points": (0.0, 0.0, 0.0), "mean_points": 0.0, "lower_bound_points": 0.0}
    same = result.comparisons[0].model_copy(update={**none, "verdict": "no evidence"})
    changed = result.model_copy(
        update={"comparisons": (same, *result.comparisons[1:]), "promoted": False}
    )
    headline = re.search(r"<h1>(.*?)</h1>", render_report(example_material(result=changed)))[1]
    assert headline == (
        "On held-out data, the recommended mix scores as current practice does, class-balanced "
        "sampling, in every replicate: no evidence that it helps, so it is not promoted."
    )


def test_where_the_gan_decides_its_answer_is_the_headline():
    result = example_material().result.model_copy(update={"promote_rule": "gan", "promoted": False})
    headline = re.search(r"<h1>(.*?)</h1>", render_report(example_material(result=result)))[1]
    assert headline.startswith("On held-out data, adding 350 synthetic samples of the GAN changes")
    assert headline.endswith("no evidence that it helps, so it is not promoted.")


def test_the_page_as_the_stage_wrote_it_says_where_its_stamped_twin_is():
    place = re.compile(r'<p class="release" id="release">(.*?)</p>')
    assert 'href="index.html"' in place.search(report())[1]
    page = stamped(report(), Stamp("augmented@v1.2.0", "2026-11-22T10:00:00+00:00", None))
    assert place.search(page)[1] == (
        f"Released as augmented@v1.2.0 on {numbers.day('2026-11-22')}. "
        '<a href="../index.html">All versions</a>'
    )
    assert "<title>v1.2.0 · augmented: evaluation report</title>" in page


def test_a_page_of_an_earlier_version_keeps_everything_behind_its_stamp():
    earlier = "<p><!--released--></p><dl>figures</dl><!--run-->"
    page = stamped(earlier, Stamp("augmented@v1.2.0", "2026-11-22T10:00:00+00:00", 3))
    assert "promotion 3" in page
    assert page.endswith("</p><dl>figures</dl><!--run-->")


def test_what_would_help_names_the_class_to_collect_first():
    text = re.search(r'<section id="worth".*?</section>', report(), re.DOTALL)[0]
    assert "Collect class 8 first: from 5 to 40 real samples its recall changes by +27.0" in text
    assert "About 3 more real samples of class 5 would be worth as much" in text


def test_a_worth_at_the_end_of_the_curve_is_a_least_one():
    curve = tuple(LearningPoint(class_name="7", n_real=n, value=n / 100) for n in (10, 50))
    assert worth_sentences({"7": 40}, curve)[0].startswith("At least 40 more real samples")
    assert worth_sentences({"7": 39}, curve)[0].startswith("About 39 more real samples")


def test_of_many_classes_that_gain_nothing_a_few_are_named():
    (sentence,) = worth_sentences(dict.fromkeys("abcdefgh", 0), ())
    assert sentence.startswith("In classes a, b, c, d, e, f and 2 more the synthetic samples were")


def test_the_advice_tells_how_to_train_as_well_as_on_what():
    page = render_report(example_material())
    advice = page[page.index("What to do: ") :]
    assert "affine" in advice[: advice.index("</p>")]


def test_rows_that_do_not_ship_are_not_told_to_ship():
    """SMOTE has weight 0 and no row in the example; the GAN has weight 0 and rows."""
    page = render_report(example_material())
    advice = page[page.index("What to do: ") :]
    assert "The GAN rows ship with weight 0" in advice
    assert "the dataset carries no such rows" in page


@pytest.mark.parametrize("verdict", ["no evidence", "harms"])
def test_what_is_not_proven_is_not_advised(verdict):
    result = example_material().result.model_copy(update={"verdict": verdict, "promoted": False})
    page = render_report(example_material(result=result))
    assert "What to do: Stay with current practice, class-balanced sampling" in page
    assert "Train on the real rows and" not in page


def test_equal_material_gives_equal_bytes():
    assert render_report(example_material()) == report()


def test_ten_classes_stay_under_three_megabytes():
    assert len(report().encode()) < MOST_BYTES


@pytest.mark.parametrize("page", [report, index])
def test_the_policy_allows_one_style_sheet_and_inline_pictures_alone(page):
    text = page()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.replace("&#39;", "'") == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    assert text.count("<style") == 1
    assert not re.search(r"<script|<link rel=\"stylesheet|\sstyle=|\son[a-z]+=|@import", text)


@pytest.mark.parametrize("page", [report, index])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_page_loads_without_a_word_or_a_request_and_fits_its_screen(visit, page, size):
    with visit(page(), size=size) as seen:
        assert seen.console == []
        assert seen.requests == []
        assert seen.dialogs == []
        assert seen.run("document.documentElement.scrollWidth <= innerWidth")
        assert seen.run("getComputedStyle(document.body).backgroundColor") == "rgb(251, 250, 247)"


def test_every_section_is_seen_and_reached_from_the_contents(visit):
    with visit(report()) as seen:
        targets = seen.run("[...document.querySelectorAll('nav a')].map(one => one.hash.slice(1))")
        assert targets == KEYS
        heights = seen.run("keys => keys.map(key => document.getElementById(key).offsetHeight)",
                           KEYS)  # fmt: skip
        assert min(heights) > 100


def test_every_picture_is_decoded_and_told_in_words(visit):
    with visit(report()) as seen:
        pictures = seen.run("[...document.images].map(one => [one.naturalWidth, one.alt])")
    assert len(pictures) > 40
    assert all(width > 0 and alt for width, alt in pictures)


def test_a_keyboard_reaches_every_fold_and_opens_it(visit):
    with visit(report()) as seen:
        folds = seen.run("document.querySelectorAll('summary').length")
        reached = 0
        for _ in range(400):
            seen.page.keyboard.press("Tab")
            if seen.run("document.activeElement.tagName") == "SUMMARY":
                seen.page.keyboard.press("Enter")
                reached += seen.run("document.activeElement.parentElement.open")
            if reached == folds:
                break
    assert reached == folds > 5


def test_paper_shows_what_folds_hide(visit):
    with visit(report()) as seen:
        is_seen = "document.querySelector('#table-params').checkVisibility()"
        assert not seen.run(is_seen)
        seen.page.emulate_media(media="print")
        assert seen.run(is_seen)


@pytest.mark.parametrize("page", [report, index])
@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_axe_finds_nothing(visit, page, size, scheme):
    source = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    with visit(page(), size=size, scheme=scheme) as seen:
        seen.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        # Given to the browser from outside the page, whose policy lets no script of its own run.
        seen.run(source)
        found = seen.run("axe.run({resultTypes: ['violations']})")
    assert [
        (one["id"], one["help"], [node["html"][:120] for node in one["nodes"]][:3])
        for one in found["violations"]
    ] == []
    assert found["testEngine"]["name"] == "axe-core"
    assert len(found["passes"]) > 10


def test_axe_would_see_faint_text(visit):
    source = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    faint = report().replace("--soft: #565e68", "--soft: #c5c9ce")
    style = re.search(r"<style>(.*?)</style>", faint, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    faint = re.sub(r"sha256-[^&']*", f"sha256-{digest}", faint, count=1)
    with visit(faint) as seen:
        seen.run(source)
        found = seen.run("axe.run('.eyebrow', {runOnly: ['color-contrast']})")
    assert "color-contrast" in [one["id"] for one in found["violations"]]
