"""A repository with released versions, made with git alone, for tests of what reads releases."""

import json
from pathlib import Path

from pipeline.versions.git import Git
from pipeline.versions.lockfile import md5_of
from pipeline.versions.record import VersionRecord, tag_message

PAGE = (
    "<h1>It helps, and is promoted<!--promoted-as-->.</h1><p><!--released--></p>"
    "<section><!--run--></section><code>pull <!--version-->vX.Y.Z</code>"
)
RUN = {
    "machine": {
        "system": "Linux 6",
        "processor": "a <processor>",
        "cores": 2,
        "memory_gib": 8,
        "python": "3.12.1",
    },
    "stages_seconds": {"train": 75.0, "evaluate": 20.4},
}


def record(*, gain=1.2, verdict="helps", promoted=True, rows=None, outputs=None) -> VersionRecord:
    return VersionRecord(
        verdict=verdict,
        gan_verdict="no evidence",
        promoted=promoted,
        metric="balanced_accuracy",
        consumers=("svm", "cnn"),
        baseline="oversampled",
        gain_points=gain,
        interval_points=(gain - 1, gain + 1),
        interval_level=0.9,
        rows=rows or {"0": {"real": 80, "gan": 0}, "1": {"real": 10, "gan": 70}},
        seed=1,
        outputs=outputs or {"data/augmented": md5_of(f"{gain}".encode()) + ".dir"},
        params="p",
        schema_digest="s",
        source="x",
        generators=("g",),
        code=None,
    )


def release(
    root: Path,
    version: str,
    *,
    promotion: int | None = None,
    page: str | None = PAGE,
    of_mix: bool = False,
    **changes,
) -> str:
    """Release a version of `augmented` in the repository at `root`; returns its commit.

    With `of_mix`, its tag is one of format 1: of a time when a training mix was on trial.
    """
    git = Git(root)
    if not (root / ".git").exists():
        git.run("init", "--quiet", "--initial-branch=main")
    made = record(promoted=promotion is not None, **changes)
    if of_mix:
        made = made.model_copy(
            update={"format_version": 1, "classifier": "cnn", "interval_level": 0.95}
        )
    metrics = {
        "recommended_arm": "set_without_gan",
        "score.panel.set_without_gan.balanced_accuracy": 0.9 + (made.gain_points or 0) / 100,
        "score.panel.real.balanced_accuracy": 0.9,
        "fidelity.coverage": 0.5,
    }
    files = {
        "dvc.lock": b"schema: '2.0'\n",
        "reports/metrics.json": json.dumps(metrics).encode(),
        "reports/run.json": json.dumps(RUN).encode(),
    }
    if page is not None:
        files["reports/report.html"] = page.encode()
    commit = git.write_commit(
        files, index=root / ".git" / "private", replaces=["reports"], message=version
    )
    tags = {f"augmented@{version}": tag_message(version, made)}
    if promotion is not None:
        tags[f"augmented#promoted#{promotion}"] = "promoted"
    git.write_tags(tags, commit=commit)
    return commit
