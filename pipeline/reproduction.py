"""A version from its recipe: real rows, generator, trial; the synthetic rows are drawn again.

What a release stores of `data/synthetic` and `data/augmented` could be thrown away: every synthetic
row has an address (generator, class, draw), and drawing it again gives the same bytes on a machine
of the same kind.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline import synthesis
from pipeline.dataset.assemble import assemble
from pipeline.dataset.write import write_set
from pipeline.errors import ArtifactError, VersionError
from pipeline.params import Params, load_params
from pipeline.results import read_result
from pipeline.samples import Schema
from pipeline.storage import has_split, read_split
from pipeline.versions.fetch import fetch_output, released_prefix
from pipeline.versions.git import Git
from pipeline.versions.listing import Release
from pipeline.versions.lockfile import AUGMENTED, hash_output
from pipeline.versions.meter import OnProgress, no_matter
from pipeline.versions.recipe import RECIPE
from pipeline.versions.truth import untruths
from pipeline.workspace import MANIFEST, Workspace, read_json, verify_manifest

# What tells of the set in words, which another release of this program chooses otherwise.
WORDS = ("README.md", "recipe.json")


@dataclass(frozen=True)
class Reproduction:
    """What came of drawing a version again.

    Attributes:
        n_rows, n_synthetic: Rows of the set, and those of them that were drawn again.
        expected, found: DVC's hash of the set as released and as made again; it covers the
            manifest, and through it every file.
        only_words_differ: Whether the hashes differ by the words of card and recipes alone, which
            another release of this program chooses otherwise.
    """

    n_rows: int
    n_synthetic: int
    expected: str
    found: str
    only_words_differ: bool = False

    @property
    def is_same(self) -> bool:
        return self.expected == self.found


def reproduce(
    git: Git, release: Release, target: Path, *, on_progress: OnProgress = no_matter
) -> Reproduction:
    """Make a version's augmented set again from its recipe, and compare the hashes.

    Args:
        git: The repository with the release's tag.
        release: Which one.
        target: Where the set is written, whether or not the hashes agree.
        on_progress: Is told the bytes fetched of each ingredient.

    Raises:
        VersionError: the release was not made by this product, or by an earlier release of it, or
            does not say what made it, or an ingredient is missing.
        ArtifactError: an ingredient is damaged.
    """
    if release.record is None or AUGMENTED not in release.record.outputs:
        raise VersionError(f"The tag {release.tag} was not made by this product.")
    if release.record.format_version == 1:
        raise VersionError(
            f"{release.tag} was made before the dataset itself was on trial, and sets are put "
            "together by other rules since; only the release of Equipoise that made it can make it "
            f"again. `equipoise pull {release.version}` brings its rows."
        )
    untrue = untruths(git, release)
    if untrue:
        raise VersionError(
            f"{release.tag} does not say what made it, so that it cannot be made again from what "
            f"it says: {' '.join(untrue)} `equipoise pull {release.version}` brings the rows that "
            "were released."
        )
    with tempfile.TemporaryDirectory(prefix="equipoise-") as folder:
        workspace = Workspace(Path(folder))
        for path in RECIPE:
            (workspace.root / path).mkdir(parents=True)
            fetch_output(git, release, path, workspace.root / path, on_progress=on_progress)
            verify_manifest(workspace.root / path)
        params = _params(git, release, workspace)
        n_rows, n_synthetic = _assemble_again(workspace, params, target)
    expected, found = release.record.outputs[AUGMENTED], hash_output(target)[0]
    return Reproduction(
        n_rows=n_rows,
        n_synthetic=n_synthetic,
        expected=expected,
        found=found,
        only_words_differ=expected != found and _differs_in_words(git, release, target),
    )


def _differs_in_words(git: Git, release: Release, made: Path) -> bool:
    """Whether all but words is as released; of these the manifest names the hashes alone.

    False as well where the released set itself cannot be fetched, to be compared with.
    """
    with tempfile.TemporaryDirectory(prefix="equipoise-") as folder:
        released = Path(folder)
        try:
            fetch_output(git, release, AUGMENTED, released, on_progress=no_matter)
        except VersionError:
            return False
        names = {_relative(path, place) for place in (released, made) for path in _files(place)}
        manifests = [read_json(place / MANIFEST) for place in (released, made)]
        for manifest in manifests:
            for name in WORDS:
                manifest["files"].pop(name, None)
        return manifests[0] == manifests[1] and all(
            (released / name).is_file()
            and (made / name).is_file()
            and (released / name).read_bytes() == (made / name).read_bytes()
            for name in names - {*WORDS, MANIFEST}
        )


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _params(git: Git, release: Release, workspace: Workspace) -> Params:
    content = git.read(release.commit, released_prefix(git, release) + "params.yaml")
    workspace.params_file.write_bytes(content)
    return load_params(workspace.params_file)


def _assemble_again(workspace: Workspace, params: Params, target: Path) -> tuple[int, int]:
    fitted = synthesis.load_generator(workspace.generator)
    curation = _curation(workspace.trial / "curation.parquet")
    result = read_result(workspace.trial)
    cheap = workspace.trial / "cheap"
    samples = assemble(
        read_split(workspace.prepared, "train"),
        synthesis.draw(fitted, _rows_of_classes(curation, fitted.schema)),
        curation=curation,
        requested=_rows_of_classes(curation[curation["chosen"]], fitted.schema),
        result=result,
        cheap=read_split(cheap, "train") if has_split(cheap, "train") else None,
    )
    write_set(
        target,
        samples,
        result,
        name=params.release.name,
        seed=params.seed,
        licence=params.licence,
    )
    return len(samples), int((samples.provenance["source"] == "gan").sum())


def _curation(path: Path) -> pd.DataFrame:
    try:
        found = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path.name} of this version cannot be read ({error}).") from None
    missing = sorted({"id", "label", "chosen"} - set(found.columns))
    if missing:
        raise ArtifactError(
            f"{path.name} of this version has no column {', '.join(missing)}; it was not made by "
            "this product. Pull the released rows with `equipoise pull`."
        )
    return found


def _rows_of_classes(curation: pd.DataFrame, schema: Schema) -> dict[str, int]:
    """Class name → rows; draws are numbered from 0, so that many rows name them all."""
    counts = curation["label"].value_counts()
    return {name: int(counts.get(label, 0)) for label, name in enumerate(schema.classes)}
