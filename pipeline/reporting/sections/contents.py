"""What the dataset holds: rows of every class by source, and what else ships beside it."""

from pipeline import answers, numbers
from pipeline.reporting.blocks import Block, Fold, Grid, Section, Text, only
from pipeline.reporting.marks import Axis, Tone, stack_mark
from pipeline.reporting.material import Material
from pipeline.reporting.tables import Cell, Column, Table, axis_column, name_cell
from pipeline.results import CurationRow

TONES: dict[str, Tone] = {
    "real": "real",
    "gan": "gan",
    "cvae": "gan",
    "classical": "classical",
    "smote": "smote",
    "deformed": "deformed",
    "copula": "deformed",
    "munge": "classical",
    "taught": "taught",
}
CONFIGS = {
    "train": "the dataset; it is what a pull brings",
    "balanced": "real rows, filled with GAN rows to equal classes",
    "synthetic": "the GAN rows alone",
    "all": "every row that ships",
}


def build(material: Material) -> Section:
    """The counts by class and source, what else ships, and what curation rejected."""
    counts = material.rows
    before = [of_class.get("real", 0) for of_class in counts.values()]
    after = [sum(of_class.values()) for of_class in counts.values()]
    words = numbers.capital(numbers.visible(material.result.set_words)).rstrip(".")
    balance = f"In the real rows {_ratio(before)}; in the dataset {_ratio(after)}."
    legend = tuple((tone_of(origin), answers.origin_name(origin)) for origin in origins_in(counts))
    blocks: list[Block | None] = [
        Text(answers.rows_sentence(material.result), "lead"),
        Text(
            f"Inner validation chose it: {numbers.inline(words)}. {balance}" if words else balance
        ),
        Grid(balance_table(material), legend),
        Grid(configs_table(material)),
        Fold("What curation rejected", only([Grid(curation_table(material))])),
    ]
    return Section("contents", "What the dataset holds", only(blocks))


def origins_in(counts: dict[str, dict[str, int]]) -> list[str]:
    """Every source of which any class has rows, real first."""
    found = (origin for row in counts.values() for origin, n in row.items() if n)
    return list(dict.fromkeys(["real", *found]))


def tone_of(origin: str) -> Tone:
    """The colour of a source."""
    return TONES.get(origin, "none")


def balance_table(material: Material) -> Table:
    """Rows of every class by source, and the share of each source in all of them."""
    counts = material.rows
    origins = origins_in(counts)
    axis = Axis.over([sum(of_class.values()) for of_class in counts.values()], include=0.0)
    return Table(
        key="balance",
        caption="Rows of every class in the dataset, by source",
        columns=(
            Column("Class"),
            axis_column("Rows", axis),
            *(
                Column(numbers.capital(answers.origin_name(o)), "number", hint=_share(counts, o))
                for o in origins
            ),
            Column("Total", "number"),
        ),
        rows=tuple(_balance_row(name, of, origins, axis) for name, of in counts.items()),
        note=answers.origins_note(origins),
    )


def configs_table(material: Material) -> Table:
    """Everything that ships with the version, by the name under which it is pulled."""
    configs = material.configs
    names = [*(name for name in CONFIGS if name in configs), *sorted(set(configs) - set(CONFIGS))]
    rows = {name: [n for of in configs[name].values() for n in of.values()] for name in names}
    return Table(
        key="configs",
        caption="What ships with the version",
        columns=(Column("Name"), Column("Rows", "number"), Column("What it is")),
        rows=tuple(
            (
                Cell(numbers.visible(name), name),
                Cell(numbers.count(sum(counts)), sum(counts)),
                Cell(CONFIGS.get(name, "")),
            )
            for name, counts in rows.items()
        ),
    )


def curation_table(material: Material) -> Table:
    """How many samples were drawn, kept and rejected, and for which reason."""
    rows = material.result.curation
    reasons = list(dict.fromkeys(reason for row in rows for reason in row.rejected))
    fillers = fillers_of(material)
    filled = (Column("Filled up", "number", hint="of those rejected"),) if fillers else ()
    return Table(
        key="curation",
        caption="GAN rows drawn, accepted, and rejected by reason",
        columns=(
            Column("Class"),
            Column("Drawn", "number"),
            Column("Accepted", "number"),
            *filled,
            *(Column(numbers.visible(reason).capitalize(), "number") for reason in reasons),
        ),
        rows=tuple(_curation_row(row, fillers, reasons) for row in rows),
        note=" ".join(filter(None, [_how_taken(fillers), _rules_note(material)])),
    )


def _rules_note(material: Material) -> str:
    """How many draws keep the rules between columns; empty where there are none."""
    facts = material.facts.get("synthetic", {})
    kept, tried = (sum(facts.get(name, {}).values()) for name in ("samples", "tried"))
    if not tried:
        return ""
    return (
        f"Rows that break a rule between columns were drawn again: of {numbers.count(tried)} draws "
        f"{100 * kept / tried:.0f}{numbers.NARROW_SPACE}% keep "
        f"{numbers.counted(len(material.schema.rules), 'rule')}."
    )


def fillers_of(material: Material) -> dict[str, int]:
    """Class name → rejected rows that make up its number all the same.

    Only classes of which too few were accepted: exactly the rows asked for ship.
    """
    missing = {row.name: row.n_requested - row.n_accepted for row in material.result.classes}
    return {name: n for name, n in missing.items() if n > 0}


def _how_taken(fillers: dict[str, int]) -> str:
    taken = (
        "As many accepted GAN rows of each class ship as were asked for, in the order of drawing"
    )
    if not fillers:
        return f"{taken}."
    rows = numbers.counted(sum(fillers.values()), "rejected row")
    classes = numbers.counted(len(fillers), "class", "classes")
    return (
        f"{taken}. In {classes} too few were accepted: {rows} make up the number, those most "
        "likely of their class first. They never belong to the dataset itself. Copies and "
        "duplicates do not ship at all."
    )


def _share(counts: dict[str, dict[str, int]], origin: str) -> str:
    total = sum(n for of_class in counts.values() for n in of_class.values())
    own = sum(of_class.get(origin, 0) for of_class in counts.values())
    return f"{100 * own / total:.0f}{numbers.NARROW_SPACE}%" if total else ""


def _balance_row(
    name: str, of_class: dict[str, int], origins: list[str], axis: Axis
) -> tuple[Cell, ...]:
    amounts = [(origin, of_class.get(origin, 0)) for origin in origins]
    total = sum(of_class.values())
    return (
        name_cell(name),
        Cell(mark=stack_mark(axis, [(tone_of(origin), float(n)) for origin, n in amounts])),
        *(Cell(numbers.count(n), n) for _, n in amounts),
        Cell(numbers.count(total), total),
    )


def _curation_row(
    row: CurationRow, fillers: dict[str, int], reasons: list[str]
) -> tuple[Cell, ...]:
    filled = [fillers.get(row.name, 0)] if fillers else []
    rejected = [row.rejected.get(reason, 0) for reason in reasons]
    amounts = [row.drawn, row.accepted, *filled, *rejected]
    return (name_cell(row.name), *(Cell(numbers.count(n), n) for n in amounts))


def _ratio(counts: list[int]) -> str:
    if min(counts, default=0) == 0:
        return "one class at least is empty"
    ratio = max(counts) / min(counts)
    if ratio == 1:
        return "all classes are equally large"
    times = f"{ratio:.1f}".removesuffix(".0")
    return f"the largest class is {times} times as large as the smallest"
