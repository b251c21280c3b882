"""No output says that rows help or harm beside an interval that does not show it."""

import dataclasses
import html
import json
import re
from functools import cache

import pytest
from typer.testing import CliRunner

from flows.artifacts import verdict_text
from pipeline import shelf
from pipeline.cli import app
from pipeline.params import Params
from pipeline.reporting.page import render_report
from pipeline.reporting.summary import markdown_summary, tables_by_key
from pipeline.results import WITH_GAN, WITHOUT_GAN, Interval
from pipeline.trial.exports import flat_metrics
from pipeline.versions.git import Git
from pipeline.versions.record import headline, make_record, tag_message
from pipeline.versions.release import ReleaseOutcome
from pipeline.workspace import Workspace, write_bytes
from tests.example_result import example_result
from tests.reporting.example_material import example_material

# Mean gain, half of its interval and the least gain asked for, in points.
CASES = {
    "helps": (2.0, 1.0, 0.0),
    "helps by a hair": (0.5, 0.496, 0.0),
    "no evidence": (2.0, 3.0, 0.0),
    "no evidence by a hair": (0.5, 0.504, 0.0),
    "harms": (-2.0, 1.0, 0.0),
    "harms by a hair": (-0.5, 0.496, 0.0),
    "helps by as much as was asked for": (3.0, 0.5, 2.0),
    "helps by a hair more than was asked for": (3.0, 0.96, 2.0),
    "helps, perhaps by less than was asked for": (2.5, 1.0, 2.0),
    "lacks a hair of what was asked for": (3.0, 1.004, 2.0),
    "two replicates": (2.0, 400.0, 0.0),
}
NUMBER = r"([−+]?\d+(?:\.\d+)?)"
INTERVAL = re.compile(rf"{NUMBER} to {NUMBER}(?![\d.]*\u202f?%)")
DENIED = re.compile(r"no evidence that (?:it|they) helps?|(?:help|harm) only if|whether rows help")
OUTPUTS = ("page", "summary", "tables", "metrics", "tag", "list", "index", "artifact")


def result_of(mean, half_width, least, *, verdict=None):
    """The example, each of whose gains has this mean and interval."""
    low, high = mean - half_width, mean + half_width
    verdict = verdict or ("helps" if low > least else "harms" if high < 0 else "no evidence")
    said = {
        "gains_points": (mean - 0.1, mean, mean + 0.1),
        "mean_points": mean,
        "interval_points": Interval(low=low, high=high, level=0.9),
        "verdict": verdict,
    }
    result = example_result()
    return result.model_copy(
        update={
            "comparisons": tuple(one.model_copy(update=said) for one in result.comparisons),
            "verdict": verdict,
            "gan_verdict": verdict,
            "promoted": verdict == "helps",
            "recommended_arm": WITH_GAN if verdict == "helps" else WITHOUT_GAN,
            "min_gain_points": least,
        }
    )


def asked_twice(first, other):
    """What one case says of whoever keeps the threshold, another of whoever tunes it."""
    asked = result_of(*CASES[other]).comparisons
    told = tuple(
        one.model_copy(update={"rule": "tuned_threshold"})
        for one in asked
        if one.question == "set against real rows"
    )
    return result_of(*CASES[first]).model_copy(update={"other_comparisons": told})


def outputs_of(result, root):
    """Output → its parts, in each of which a verdict and an interval belong together."""
    material = dataclasses.replace(example_material(), result=result)
    summary = markdown_summary(material)
    tag, listed, index = released(result, root)
    place = Workspace(root / "workspace")
    write_bytes(place.summary_file, summary.encode())
    outcome = ReleaseOutcome("v0.1.0", "augmented@v0.1.0", True, "", True, "")
    return {
        "page": parts_of_page(render_report(material)),
        "summary": sentences(plain_markdown(summary)),
        "tables": [" ".join(row) for table in tables_by_key(material).values()
                   for row in table["rows"]],
        "metrics": parts_of_metrics(flat_metrics(result)),
        "tag": sentences(tag),
        # In a narrow column a comma stands between the ends.
        "list": listed.replace(", ", " to ").splitlines(),
        "index": parts_of_page(index),
        "artifact": sentences(plain_markdown(verdict_text(place, outcome))),
    }  # fmt: skip


def released(result, root):
    """The message of the version's tag, the list of versions, and the page of their index."""
    facts = {"rows": {"a": {"real": 2}}, "generators": ["g"], "schema": {}}
    record = make_record(Params(), result, facts, outputs={}, source="x", code=None)
    root = root / "repository"
    root.mkdir(parents=True)
    git = Git(root)
    git.run("init", "--quiet", "--initial-branch=main")
    files = {"reports/metrics.json": json.dumps(flat_metrics(result)).encode()}
    commit = git.write_commit(
        files, index=root / ".git" / "private", replaces=["reports"], message="v0.1.0"
    )
    message = tag_message(headline("augmented v0.1.0", record), record)
    git.write_tags({"augmented@v0.1.0": message}, commit=commit)
    wide = {"COLUMNS": "300"}
    listed = CliRunner().invoke(app, ["versions", "--repo", str(root)], env=wide)
    assert listed.exit_code == 0, listed.output
    said = message.rpartition("\n\n")[0]
    return said, listed.output, shelf.fill(git, "augmented", root / "shelf").read_text()


def parts_of_page(page):
    """Rows and cards whole, everything else by sentences."""
    body = page[page.index("<body") :]
    whole = re.findall(r"<(tr|article)\b[^>]*>(.*?)</\1>", body, re.DOTALL)
    rest = re.findall(r"<(h1|p|li)\b[^>]*>(.*?)</\1>", body, re.DOTALL)
    cards = [re.sub(r'<p class="words">.*?</p>', "", inner, flags=re.DOTALL) for _, inner in whole]
    told = [text(inner) for _, inner in rest]
    return [*map(text, cards), *(one for paragraph in told for one in sentences(paragraph))]


def text(markup):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split(" "))


def plain_markdown(words):
    return html.unescape(re.sub(r"\\(.)", r"\1", words))


def sentences(words):
    return [part for line in words.split("\n") for part in re.split(r"\.\s", line)]


def parts_of_metrics(flat):
    """Each gain as the line that a person would write of it."""
    keys = [key.removesuffix(".verdict") for key in flat if key.endswith(".verdict")]
    ends = {key: [flat[f"{key}.{end}_points"] for end in ("low", "high")] for key in keys}
    return [
        f"{flat[f'{key}.verdict']} {low:+f} to {high:+f}".replace("-", "−")
        for key, (low, high) in ends.items()
    ]


def contradictions(parts, least):
    """The parts that claim what an interval beside it does not show, and the number of claims."""
    wrong, claims = [], 0
    for part in parts:
        said = DENIED.sub("", part)
        helps = re.search(r"\bhelps?\b", said, re.IGNORECASE)
        harms = re.search(r"\bharms?\b", said, re.IGNORECASE)
        for low, high in INTERVAL.findall(part) if helps or harms else ():
            claims += 1
            ends = [float(end.replace("−", "-")) for end in (low, high)]
            if (helps and not ends[0] > least) or (harms and not ends[1] < 0):
                wrong.append(part)
    return wrong, claims


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Every output of a case, made once."""

    @cache
    def made(case):
        return outputs_of(result_of(*CASES[case]), tmp_path_factory.mktemp("case"))

    return made


@pytest.mark.parametrize("case", CASES)
def test_no_output_claims_what_the_interval_beside_it_does_not_show(outputs, case):
    _, _, least = CASES[case]
    for name, parts in outputs(case).items():
        wrong, claims = contradictions(parts, least)
        assert wrong == [], name
        proven = ("help" in case and "perhaps" not in case) or "harm" in case
        assert bool(claims) == proven, name


@pytest.mark.parametrize(
    ("first", "other"), [("helps", "no evidence"), ("no evidence", "helps"), ("helps", "harms")]
)
def test_two_answers_are_never_told_beside_each_other_s_interval(first, other, tmp_path):
    outputs = outputs_of(asked_twice(first, other), tmp_path)
    for name, parts in outputs.items():
        assert contradictions(parts, 0.0)[0] == [], name
    for name in ("page", "summary", "tables", "metrics", "tag", "artifact"):
        words = " ".join(outputs[name])
        assert "tune" in words or name == "metrics", name
        low = CASES[other][0] - CASES[other][1]
        assert f"{low:+.1f}".replace("-", "−") in words, name


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("verdict", ["helps", "harms"])
def test_a_claim_that_no_interval_shows_would_be_found_in_every_output(output, verdict, tmp_path):
    lying = result_of(0.1, 2.0, 0.0, verdict=verdict)
    wrong, _ = contradictions(outputs_of(lying, tmp_path)[output], 0.0)
    assert wrong


def test_a_help_above_zero_but_not_above_what_was_asked_for_would_be_found(tmp_path):
    lying = outputs_of(result_of(2.5, 1.0, 2.0, verdict="helps"), tmp_path)
    assert all(contradictions(parts, 2.0)[0] for parts in lying.values())


@pytest.mark.parametrize("output", ["page", "summary", "tag", "list", "index"])
def test_the_interval_is_said_to_be_the_90_percent_one_whose_lower_end_decides(outputs, output):
    told = [part for part in outputs("helps")[output] if "decides" in part and "lower end" in part]
    assert len(told) == 1
    around = " ".join(outputs("helps")[output])
    assert "90" in around


def test_intervals_of_two_replicates_are_not_shown(outputs):
    for name, parts in outputs("two replicates").items():
        shown = [float(end.replace("−", "-")) for part in parts for ends in INTERVAL.findall(part)
                 for end in ends]  # fmt: skip
        assert all(abs(end) <= 100 for end in shown), name
        if name != "metrics":
            assert any("too few replicates to tell" in part for part in parts), name
