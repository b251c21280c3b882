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
from pipeline.errors import VersionError
from pipeline.params import Params, load_params
from pipeline.results import read_result
from pipeline.samples import Schema
from pipeline.storage import has_split, read_split
from pipeline.versions.fetch import fetch_output, released_prefix
from pipeline.versions.git import Git
from pipeline.versions.listing import Release
from pipeline.versions.lockfile import AUGMENTED, hash_output
from pipeline.versions.meter import OnProgress, no_matter
from pipeline.workspace import Workspace, verify_manifest

INGREDIENTS = ("data/prepared", "data/generator", "data/trial")


@dataclass(frozen=True)
class Reproduction:
    """What came of drawing a version again.

    Attributes:
        n_rows, n_synthetic: Rows of the set, and those of them that were drawn again.
        expected, found: DVC's hash of the set as released and as made again; it covers the
            manifest, and through it every file.
    """

    n_rows: int
    n_synthetic: int
    expected: str
    found: str

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
        VersionError: the release was not made by this product, or an ingredient is missing.
        ArtifactError: an ingredient is damaged.
    """
    if release.record is None:
        raise VersionError(f"The tag {release.tag} was not made by this product.")
    with tempfile.TemporaryDirectory(prefix="equipoise-") as folder:
        workspace = Workspace(Path(folder))
        for path in INGREDIENTS:
            (workspace.root / path).mkdir(parents=True)
            fetch_output(git, release, path, workspace.root / path, on_progress=on_progress)
            verify_manifest(workspace.root / path)
        params = _params(git, release, workspace)
        n_rows, n_synthetic = _assemble_again(workspace, params, target)
    return Reproduction(
        n_rows=n_rows,
        n_synthetic=n_synthetic,
        expected=release.record.outputs[AUGMENTED],
        found=hash_output(target)[0],
    )


def _params(git: Git, release: Release, workspace: Workspace) -> Params:
    content = git.read(release.commit, released_prefix(git, release) + "params.yaml")
    workspace.params_file.write_bytes(content)
    return load_params(workspace.params_file)


def _assemble_again(workspace: Workspace, params: Params, target: Path) -> tuple[int, int]:
    fitted = synthesis.load_generator(workspace.generator)
    curation = pd.read_parquet(workspace.trial / "curation.parquet")
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


def _rows_of_classes(curation: pd.DataFrame, schema: Schema) -> dict[str, int]:
    """Class name → rows; draws are numbered from 0, so that many rows name them all."""
    counts = curation["label"].value_counts()
    return {name: int(counts.get(label, 0)) for label, name in enumerate(schema.classes)}
