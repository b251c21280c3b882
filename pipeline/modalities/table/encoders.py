"""What classifiers of scikit-learn see of a table's rows."""

from pipeline.modalities.contract import Encoder
from pipeline.params import ClassifierName
from pipeline.samples import Samples


def encoder_for(classifier: ClassifierName, training: Samples) -> Encoder:
    """The encoder of a classifier, fitted on the rows that it trains on."""
    raise NotImplementedError
