"""The forms, by the modality that a schema names."""

from collections.abc import Mapping

from pipeline.dataset.forms.contract import Form
from pipeline.dataset.forms.image import ImageForm
from pipeline.dataset.forms.table import TableForm
from pipeline.samples import Schema

FORMS: Mapping[str, Form] = {"image": ImageForm(), "table": TableForm()}


def form_of(schema: Schema) -> Form:
    """How a set of that schema is told, exported and loaded."""
    return FORMS[schema.modality]
