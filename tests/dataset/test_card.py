"""What the dataset card claims is what the set holds and what the record of the trial says."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline import answers
from pipeline.dataset.card import card
from pipeline.dataset.membership import rows_per_config
from pipeline.results import CopiesResult
from pipeline.samples import Samples, Schema
from tests.example_result import CLASSES, example_result

SCHEMA = Schema(modality="image", classes=CLASSES, image_shape=(8, 8, 1))


def rows(n_gan=2, *, gan_in_train=False, **further):
    """Of each class five real rows, GAN rows of the balanced set, and three deformed rows."""
    sources = ["real"] * 5 + ["gan"] * n_gan + ["deformed"] * 3
    frame = pd.DataFrame({"source": sources * len(CLASSES), **further})
    frame["id"] = [f"row-{k}" for k in range(len(frame))]
    frame["in_balanced"] = frame["source"].isin(["real", "gan"])
    frame["in_train"] = (frame["source"] != "gan") | gan_in_train
    labels = np.repeat(np.arange(len(CLASSES)), len(sources))
    return Samples(SCHEMA, np.zeros((len(frame), 8, 8, 1), np.uint8), labels, frame)


def text_of(result=None, samples=None):
    samples = rows() if samples is None else samples
    result = example_result() if result is None else result
    files = [f"data/{s}/both-00000.parquet" for s in set(samples.provenance["source"])]
    return card(samples, rows_per_config(samples), result, files=files, name="augmented")


def one_line(text):
    return " ".join(text.split())


def test_the_card_says_what_every_other_output_says_of_the_set():
    result = example_result()
    for sentence in (
        answers.headline(result),
        answers.consumers_sentence(result),
        answers.rows_sentence(result),
        answers.gan_sentence(result),
        answers.what_to_do(result),
        answers.interval_note(result),
    ):
        assert sentence
        assert one_line(sentence) in one_line(text_of(result))


@pytest.mark.parametrize("verdict", ["no evidence", "harms"])
def test_a_set_that_is_not_proven_is_called_neither_safe_nor_recommended(verdict):
    result = example_result(verdict=verdict, promoted=False)
    assert "safe" not in text_of(result)
    assert "Keep training on" in text_of(result)


def test_every_config_is_told_with_its_rows_of_each_source():
    text = text_of()
    for line in (
        "| `train` | 50 | 0 | 30 | 80 |",
        "| `balanced` | 50 | 20 | 0 | 70 |",
        "| `synthetic` | 0 | 20 | 0 | 20 |",
        "| `all` | 50 | 20 | 30 | 100 |",
    ):
        assert line in text


def test_every_config_is_told_with_its_rows_of_each_class():
    text = text_of()
    train = text[text.index("### `train`") : text.index("### `balanced`")]
    assert train.count("| 5 | 3 | 8 |") == len(CLASSES)
    balanced = text[text.index("### `balanced`") : text.index("### `synthetic`")]
    assert balanced.count("| 5 | 2 | 7 |") == len(CLASSES)


def test_every_config_is_told_with_how_to_load_it():
    text = text_of()
    assert 'load_dataset("DIR", split="train")' in text
    for config in ("balanced", "synthetic", "all"):
        assert f'load_dataset("DIR", "{config}", split="train")' in text


def test_a_config_without_rows_is_told_nowhere():
    text = text_of(samples=rows(n_gan=0))
    assert "`synthetic`" not in text
    assert '"synthetic"' not in text
    assert "Every row is in `train`." in text


def test_rows_that_are_not_recommended_are_told_with_the_reason():
    text = one_line(text_of())
    assert "20 GAN rows are not in `train`: the trial did not show that GAN rows help." in text


def test_where_all_gan_rows_are_recommended_nothing_is_left_out():
    text = text_of(samples=rows(gan_in_train=True))
    assert "Every row is in `train`." in text


def test_recipes_are_told_as_advice_in_the_words_of_every_other_output():
    result = example_result()
    text = text_of(result)
    advice = text[text.index("## If you may change the training code") :]
    assert "This is advice" in advice
    assert answers.recipe_sentences(result)
    for sentence in answers.recipe_sentences(result):
        assert one_line(sentence) in one_line(advice)


def test_without_a_recipe_the_card_promises_none():
    text = text_of(example_result(advice=()))
    assert "looked for no better way to train" in text
    assert "recipe=True" not in text


def test_what_a_teacher_said_is_explained_where_it_is_there():
    samples = rows(teacher="0f3a")
    assert "| <code>teacher</code> | hash of the teacher that labelled the row |" in text_of(
        samples=samples
    )
    assert "`teacher`" not in text_of()


def test_rows_that_make_up_an_exact_number_are_told_by_class():
    few = tuple(
        row.model_copy(update={"n_accepted": 58}) if row.name == "5" else row
        for row in example_result().classes
    )
    text = one_line(text_of(example_result(classes=few)))
    assert "in `balanced`, and are never in `train`: 12 of class 5." in text


def test_without_such_rows_the_card_says_nothing_of_them():
    assert "make up the exact number" not in text_of()


def test_a_search_for_copies_that_could_not_be_made_is_not_told_as_one():
    refused = CopiesResult(
        tested=0, exact=0, suspected=0, threshold=0.0, false_alarm_rate=0.0, wording="Too few."
    )
    assert "Memorised samples: none were tested. Too few." in text_of(
        example_result(copies=refused)
    )


def test_a_table_tells_its_columns_under_their_prefix():
    samples = rows()
    schema = Schema(modality="table", classes=CLASSES, label_column="kind")
    text = text_of(samples=replace(samples, schema=schema))
    assert "| `equipoise.weight` |" in text
    assert '("equipoise.in_train", "==", True)' in text
