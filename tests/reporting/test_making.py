from pipeline.reporting.sections.making import facts_table

from .example_material import GENERATOR_CONFIG, example_material


def facts(config):
    material = example_material(generator={"hash": "0f3a9c", "config": config})
    return {what.text: value.text for what, value in facts_table(material).rows}


def test_precision_and_threads_of_the_training_stand_in_the_report():
    told = facts({**GENERATOR_CONFIG, "threads": 4, "recipe": {"precision": "bf16"}})
    assert told["Precision of its training"].startswith("bf16")
    assert told["Threads of its training"] == "4"


def test_a_generator_of_before_says_nothing_of_either():
    assert not [name for name in facts(GENERATOR_CONFIG) if "training" in name]
