"""The page as a reader meets it, in a real browser: whole, quiet, accessible, on every screen."""

import base64
import hashlib
import re
from dataclasses import replace
from functools import cache
from importlib.resources import files

import pytest

from pipeline import numbers
from pipeline.gain import Gain
from pipeline.reporting.index import Entry, render_index
from pipeline.reporting.page import render_report, sections
from pipeline.reporting.sections.worth import worth_sentences
from pipeline.reporting.stamp import Stamp, stamped
from pipeline.results import Interval, LearningPoint
from tests.example_result import example_result
from tests.reporting.example_material import example_material

KEYS = [
    "verdict", "consumers", "contents", "comparison", "gan", "recipes", "classes", "pictures",
    "map", "fidelity", "copies", "training", "worth", "making", "limits",
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
            gain=Gain(
                verdict="helps" if minor % 2 else "no evidence",
                metric="balanced_accuracy",
                points=0.4 * minor,
                interval=Interval(low=minor % 2 - 0.6, high=0.8 * minor + 0.6, level=0.9),
                baseline="real",
            ),
            gan_verdict="no evidence",
            classifier="panel",
            rows={"0": {"real": 80, "gan": 0}, "1": {"real": 10, "gan": 70}},
            page=f"versions/v0.{minor}.0.html",
            metrics={
                "recommended_arm": "set_without_gan",
                "score.panel.set_without_gan.balanced_accuracy": 0.9,
                "fidelity.coverage": 0.1 * minor,
            },
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


def test_the_first_answer_is_the_headline_with_number_and_interval():
    headline = re.search(r"<h1>(.*?)</h1>", report())[1]
    assert headline == (
        "Training on this dataset instead of the real rows oversampled to balance changes balanced "
        "accuracy on unseen data by +2.5 points (90\u202f% interval +1.4 to +3.6), mean of 6 "
        "classifiers: it helps, and is promoted<!--promoted-as-->."
    )


def test_the_gan_has_its_own_answer_beside_that_of_the_dataset():
    text = re.search(r'<div class="answers">.*?</div>', report(), re.DOTALL)[0]
    assert text.index("trains on this dataset") < text.index("GAN rows add to it")
    assert "No evidence" in text
    assert "so the dataset holds none." in text


def test_every_classifier_has_a_row_with_a_gain_over_either_baseline():
    table = re.search(r'id="table-consumers".*?</table>', report(), re.DOTALL)[0]
    heads = re.findall(r'scope="row"[^>]*>([^<]*)<', table)
    assert heads == [
        "All classifiers, mean", "SVM", "Logistic regression", "k-NN", "Random forest",
        "Gradient boosting", "CNN",
    ]  # fmt: skip
    assert "Over real rows" in table
    assert "Over oversampled rows" in table


def test_advice_on_training_code_is_marked_as_no_gain_of_the_version():
    text = re.search(r'<section id="recipes".*?</section>', report(), re.DOTALL)[0]
    assert "This is advice, and not the gain of this version." in text
    assert "affine copies made anew" in text
    without = example_material(result=example_result(advice=()))
    assert 'id="recipes"' not in render_report(without)


def test_the_interval_is_explained_once():
    assert report().count("one-sided 95") == 1


def test_no_mark_of_code_stands_on_the_page():
    assert "`" not in report()
    noted = example_result(notes=("Set `trial.thin_further`, or run `equipoise run`.",))
    assert "Set trial.thin_further, or run equipoise run." in render_report(
        example_material(result=noted)
    )


def test_too_few_replicates_stretch_no_axis():
    result = example_result()
    wide = {"interval_points": Interval(low=-300.0, high=310.0, level=0.9)}
    unsure = {"verdict": "no evidence"}
    one = result.comparisons[0].model_copy(update=wide | unsure)
    changed = result.model_copy(update={"comparisons": (one, *result.comparisons[1:])})
    page = render_report(example_material(result=changed))
    assert "too few replicates to tell" in page
    assert not re.search(r"[−+]?3[01]0\.0", page)


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
    assert sentence.startswith("In classes a, b, c, d, e, f and 2 more the added rows were")


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
