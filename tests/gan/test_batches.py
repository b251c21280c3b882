import pytest
import torch

from pipeline.gan.batches import BatchDrawer, class_shares, torch_stream

LABELS = torch.tensor([0] * 80 + [1] * 10 + [2] * 10)


def drawer(**changes):
    settings = {"n_classes": 3, "batch_samples": 30, "balanced": True}
    return BatchDrawer(LABELS, **{**settings, **changes})


def test_a_balanced_batch_holds_every_class_equally_often():
    _, labels = drawer().draw(torch_stream(0, "x"))
    assert torch.bincount(labels).tolist() == [10, 10, 10]


def test_the_rows_of_a_batch_are_of_the_classes_it_names():
    rows, labels = drawer(batch_samples=31).draw(torch_stream(0, "x"))
    assert (LABELS[rows] == labels).all()
    assert len(rows) == 31


def test_the_remainder_goes_to_no_class_more_often_than_to_another():
    totals = torch.zeros(3)
    one_over = drawer(batch_samples=4)
    for step in range(600):
        totals += torch.bincount(one_over.draw(torch_stream(0, step))[1], minlength=3)
    assert (totals / totals.sum()).tolist() == pytest.approx([1 / 3] * 3, abs=0.02)


def test_an_unbalanced_batch_follows_the_data():
    _, labels = drawer(balanced=False).draw(torch_stream(0, "x"))
    assert torch.bincount(labels).tolist() == [24, 3, 3]


def test_a_class_without_samples_gets_no_share():
    shares = class_shares(torch.tensor([80, 0, 10]), balanced=True)
    assert shares.tolist() == pytest.approx([0.5, 0.0, 0.5])


def test_equal_addresses_draw_equal_batches():
    first, second = (drawer().draw(torch_stream(3, "step", 4))[0] for _ in range(2))
    assert (first == second).all()
