"""Names from outside appear as text, never as markup: in the file, and in a real browser."""

import dataclasses
from functools import cache

from pipeline import numbers
from pipeline.reporting.page import render_report
from pipeline.reporting.previews.gallery import Gallery
from pipeline.reporting.previews.image import ShownImages
from pipeline.reporting.stamp import Stamp, stamped
from pipeline.results import CurationRow, FidelityRow, LearningPoint, TrialResult
from tests.example_result import example_result
from tests.reporting.example_material import example_material, named
from tests.reporting.payloads import PAYLOADS

HARMLESS = tuple(f"class {place}" for place in range(len(PAYLOADS)))


def many_classes(names):
    """A material with as many classes as names, where every free text is one of the names."""
    material = example_material()
    of_ten = material.schema.classes
    like = {name: of_ten[place % 10] for place, name in enumerate(names)}
    result = material.result
    classes = {row.name: row for row in result.classes}
    galleries = {one.name: one for one in material.shown.gallery.classes}
    record = result.model_dump() | {
        "classes": [classes[like[name]].model_copy(update={"name": name}) for name in names],
        "curation": [
            CurationRow(name=name, drawn=9, accepted=8, rejected={names[-1 - place]: 1})
            for place, name in enumerate(names)
        ],
        "fidelity": [
            FidelityRow(metric="fid", class_name=name, value=1.0, n_samples=9, features=name,
                        note=name)
            for name in names
        ],
        "learning_curve": [
            LearningPoint(class_name=name, n_real=n, value=0.9) for name in names for n in (5, 9)
        ],
        "worth": dict.fromkeys(names, 3),
        "notes": list(names),
        "copies": result.copies.model_copy(
            update={"wording": names[0], "closest": tuple((name, name, 0.5) for name in names)}
        ),
        "set_words": names[1],
        "consumers": [*result.consumers, names[6]],
        "advice": [
            result.advice[0].model_copy(update={"words": names[2], "recipe": {names[3]: 1.0}})
        ],
        "arms": [
            arm.model_copy(update={"settings": names[place % len(names)],
                                   "title": names[-1 - place % len(names)], "confusion": ()})
            for place, arm in enumerate(result.arms)
        ],
    }  # fmt: skip
    history = tuple(
        row | {"coverage": [0.5] * len(names)} if "coverage" in row else row
        for row in material.history
    )
    params = material.params
    return dataclasses.replace(
        material,
        params=params.model_copy(
            update={"source": params.source.model_copy(update={"licence": names[0]})}
        ),
        schema=material.schema.model_copy(update={"classes": tuple(names)}),
        result=TrialResult.model_validate(record),
        history=history,
        notices=tuple({"kind": "warning", "message": name} for name in names),
        facts={"augmented": {"rows": {name: {"real": 10, "gan": 5} for name in names}}},
        split={"counts": {"train": dict.fromkeys(names, 10)}},
        generator={"hash": names[2], "config": {"versions": {names[3]: names[4]},
                                                "ending": {"message": names[5]}}},
        shown=ShownImages(
            Gallery(
                tuple(dataclasses.replace(galleries[like[name]], name=name) for name in names)
            ),
            material.shown.cloud,
        ),
    )  # fmt: skip


@cache
def page_of(names) -> str:
    return render_report(many_classes(names))


def shape_of(seen):
    """Every element's tag and attribute names, in order: what markup there is."""
    return seen.run(
        "[...document.querySelectorAll('*')].map("
        "element => element.tagName + ' ' + element.getAttributeNames().sort().join(' '))"
    )


def test_there_are_forty_payloads_at_least():
    assert len(set(PAYLOADS)) >= 40


def test_hostile_names_open_nothing_ask_for_nothing_and_upset_nothing(visit):
    with visit(page_of(PAYLOADS)) as seen:
        seen.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        seen.page.mouse.move(300, 300)
        seen.page.keyboard.press("Tab")
        seen.page.wait_for_timeout(200)
        assert seen.dialogs == []
        assert seen.requests == []
        assert seen.console == []


def test_hostile_names_add_no_element_and_no_attribute(visit):
    with visit(page_of(PAYLOADS)) as seen:
        hostile = shape_of(seen)
    with visit(page_of(HARMLESS)) as seen:
        harmless = shape_of(seen)
    assert hostile == harmless


def test_hostile_names_are_shown_as_they_are(visit):
    with visit(page_of(PAYLOADS)) as seen:
        texts = seen.run(
            "[...document.querySelectorAll('#table-classes th bdi')].map(one => one.textContent)"
        )
    assert texts == [numbers.visible(name) for name in PAYLOADS]


def test_no_name_can_take_the_place_of_the_stamp():
    page = render_report(named(example_material(), (*PAYLOADS[27:28], *"123456789")))
    stamp = Stamp("augmented@v1.2.3", "2026-11-21T00:00:00+00:00", 1)
    # In the verdict, in the line under it, and in three commands.
    assert stamped(page, stamp).count("augmented@v1.2.3") == 5
    assert "<!--promoted-as-->" not in stamped(page, stamp)
    assert "&lt;!--promoted-as--&gt;" in stamped(page, stamp)


def test_control_characters_become_visible():
    assert numbers.visible("a\x00b\nc\x1bd\x7f") == "a␀b␊c␛d␡"
    assert numbers.visible("a\u202eb\u2028\ud800") == "a[U+202E]b[U+2028][U+D800]"


def test_ordinary_names_of_any_script_stay_as_they_are():
    for name in ("Żółw", "犬", "قطة", "naïve – «x»", "👩‍🚀"):
        assert numbers.visible(name) == name


def test_mathematics_in_a_class_name_is_not_typeset():
    page = render_report(named(example_material(), (*"012345678", r"$\frac{1}{2}$")))
    assert r"class $\frac{1}{2}$, lowest" in page


def test_example_result_is_not_changed_by_rendering():
    material = example_material()
    render_report(material)
    assert material.result == example_result()
