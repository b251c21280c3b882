import logging

from pipeline.stages.train import TOLD_EVERY_STEPS, tell


def test_a_line_of_the_training_leaves_out_what_is_no_number(caplog):
    """Once a row came to hold a list of numbers a class, and the line ended the training."""
    caplog.set_level(logging.INFO)
    tell({"step": TOLD_EVERY_STEPS, "generator_loss": 0.5, "coverage_per_class": [0.1, 0.2]})
    assert caplog.messages == [f"train: step {TOLD_EVERY_STEPS}: generator loss 0.50"]
