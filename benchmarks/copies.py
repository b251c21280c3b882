"""The search for copies on digits: planted copies found, and false alarms among honest samples.

    python -m benchmarks.copies

100 training samples are copied, bit for bit and with pixel noise; each copy is judged alone against
training samples and holdout, as one among 600 would be. The honest samples are 600 unseen reals.
"""

import numpy as np

from benchmarks.known_worth import digits, renamed
from pipeline.fidelity.copies import search_copies
from pipeline.samples import Samples

COPIES = 100


def main():
    everything = digits()
    order = np.random.default_rng(0).permutation(len(everything))
    training, holdout, honest = (
        everything.take(order[start:end]) for start, end in ((0, 400), (400, 800), (800, 1400))
    )
    stream = np.random.default_rng(7)
    originals = training.take(stream.choice(len(training), COPIES, replace=False))
    for noise in (0.0, 0.05):
        moved = originals.values + stream.normal(0, noise * 255, originals.values.shape)
        pixels = np.clip(np.rint(moved), 0, 255).astype(np.uint8)
        copies = Samples(originals.schema, pixels, originals.labels, originals.provenance)
        found = search_copies(renamed(copies, "copy"), training, holdout)
        named = found.nearest_id == originals.ids
        print(f"noise {noise}: {found.suspected.sum()} of {COPIES} found, {named.sum()} named")
    found = search_copies(renamed(honest, "honest"), training, holdout)
    print(f"false alarms: {found.suspected.mean():.3f}, foretold {found.false_alarm_rate:.3f}")


if __name__ == "__main__":
    main()
