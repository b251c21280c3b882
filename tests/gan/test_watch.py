import numpy as np
import pytest
import torch
from torch import nn

from pipeline.gan.material import LabelledTensors
from pipeline.gan.watch import Watch, _spread, kernel_distance
from pipeline.modalities.image.design import choose_design
from pipeline.modalities.image.domain import ImageDomain

from .conftest import digits_of

COUNTS = {0: 60, 3: 60, 6: 10}


class Replay(nn.Module):
    """A generator that answers with given real pictures of the class, in order."""

    def __init__(self, samples, *, copies=None, swap=False):
        super().__init__()
        self.pictures = torch.from_numpy(samples.values).permute(0, 3, 1, 2).float() / 127.5 - 1
        self.labels = torch.from_numpy(samples.labels)
        self.copies, self.swap = copies, swap

    def forward(self, latent, labels):
        label = (int(labels[0]) + self.swap) % 3
        rows = torch.nonzero(self.labels == label)[:, 0][: self.copies]
        noise = latent[:, :1, None, None] * 1e-3
        return (self.pictures[rows.repeat(64)[: len(labels)]] + noise).clamp(-1, 1)


@pytest.fixture(scope="module")
def domain():
    return ImageDomain(choose_design((8, 8, 1), n_classes=3))


@pytest.fixture(scope="module")
def watch(domain):
    tensors = [
        LabelledTensors(domain.store(part.values), torch.from_numpy(part.labels))
        for part in (digits_of(COUNTS), digits_of({0: 40, 3: 40, 6: 0}, skip=60))
    ]
    return Watch(*tensors, domain, seed=1)


@pytest.fixture(scope="module")
def unseen():
    return digits_of({0: 70, 3: 70, 6: 70}, skip=100)


def test_real_pictures_of_every_class_score_well(watch, unseen):
    row = watch.look(Replay(unseen), None, step=1)
    assert min(row["coverage"][:2]) > 0.6
    assert min(row["agreement"]) > 0.9
    assert min(row["diversity"]) > 0.8
    assert row["score"] > 0.6
    assert abs(row["kid"]) < 0.05


def test_one_picture_a_class_loses_coverage_and_diversity_but_not_agreement(watch, unseen):
    row = watch.look(Replay(unseen, copies=1), None, step=1)
    assert max(row["coverage"][:2]) < 0.3
    assert max(row["diversity"]) < 0.1
    assert row["agreement"][0] == 1.0


def test_beside_four_reals_a_class_one_picture_does_not_pass_for_a_good_generator(domain, unseen):
    few = digits_of({0: 4, 3: 4, 6: 4})
    watch = Watch(
        LabelledTensors(domain.store(few.values), torch.from_numpy(few.labels)),
        None,
        domain,
        seed=1,
    )
    assert watch.look(Replay(unseen), None, step=1)["score"] > 0.8
    assert watch.look(Replay(few, copies=1), None, step=1)["score"] < 0.2
    assert watch.look(Replay(unseen, swap=True), None, step=1)["score"] < 0.2


def test_a_class_whose_reals_are_one_picture_tells_nothing_of_diversity(domain, unseen):
    few = digits_of({0: 12, 3: 1, 6: 12})
    watch = Watch(
        LabelledTensors(domain.store(few.values), torch.from_numpy(few.labels)),
        None,
        domain,
        seed=1,
    )
    diversity = watch.look(Replay(unseen), None, step=1)["diversity"]
    assert [value is None for value in diversity] == [False, True, False]


def test_a_class_is_judged_by_rows_from_all_over_its_part_of_a_file():
    assert _spread(np.arange(100), 4).tolist() == [0, 33, 66, 99]
    assert _spread(np.arange(3), 4).tolist() == [0, 1, 2]


def test_pictures_of_another_class_lose_agreement(watch, unseen):
    row = watch.look(Replay(unseen, swap=True), None, step=1)
    assert max(row["agreement"]) < 0.1


def test_pictures_that_carry_the_augmentation_are_found_to_leak(watch, unseen, domain):
    plain = watch.look(Replay(unseen), None, step=1)
    pictures = Replay(unseen).pictures
    stream = torch.Generator().manual_seed(3)
    changed = Replay(unseen)
    changed.pictures = domain.augment(
        pictures, torch.rand(len(pictures), 4, generator=stream), strength=2.0
    )
    assert watch.look(changed, None, step=1)["leak"] > plain["leak"]


def test_a_discriminator_that_knows_its_training_set_by_heart_is_found_out(watch, unseen):
    known = digits_of(COUNTS)
    pictures = torch.from_numpy(known.values).permute(0, 3, 1, 2).float() / 127.5 - 1

    class ByHeart(nn.Module):
        def forward(self, batch, labels, parts=1):
            nearest = torch.cdist(
                batch.flatten(1), pictures.flatten(1), compute_mode="donot_use_mm_for_euclid_dist"
            )
            return (nearest.min(dim=1).values < 1e-4).float()

    row = watch.look(Replay(unseen), ByHeart(), step=1)
    assert row["watched_accuracy_trained"] == 1.0
    assert row["accuracy_held_out"] == 0.0


def test_classes_without_held_out_samples_are_judged_on_their_training_samples(watch):
    assert watch.judged_on_held_out == [0, 1]


class Elsewhere(nn.Module):
    """A network on another device, which notes where its arguments were; it answers on the CPU.

    A machine without a GPU has one other device, "meta", whose tensors hold no numbers.
    """

    def __init__(self, answer):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, device="meta"))
        self.answer, self.seen = answer, set()

    def forward(self, first, labels, *_more):
        self.seen |= {first.device.type, labels.device.type}
        return self.answer(len(labels))


def test_both_networks_are_called_on_the_device_that_they_are_on(watch):
    generator = Elsewhere(lambda n: torch.zeros(n, 1, 8, 8))
    discriminator = Elsewhere(torch.arange)
    row = watch.look(generator, discriminator, step=1)
    assert generator.seen == discriminator.seen == {"meta"}
    assert row["accuracy_held_out"] == 1.0


def test_looking_leaves_the_generators_mode_as_it_was(watch, unseen):
    replay = Replay(unseen).train()
    watch.look(replay, None, step=1)
    assert replay.training


def test_the_kernel_distance_is_about_zero_between_equals_and_grows_with_a_shift():
    stream = np.random.default_rng(0)
    first, second = stream.normal(size=(2, 300, 5))
    assert abs(kernel_distance(first, second)) < 0.1
    assert kernel_distance(first, second + 2) > 1.0


def test_the_watch_is_not_built_on_shared_state(watch, unseen):
    first = watch.look(Replay(unseen), None, step=1)
    watch.look(Replay(unseen, copies=1), None, step=2)
    assert watch.look(Replay(unseen), None, step=1) == first
