"""Looking at a folder of pictures, as its tests do."""

from pipeline.params import SourceParams
from pipeline.sources.open import open_source


def looked_at(root, **settings):
    params = SourceParams.model_validate({"kind": "image_folder", "path": str(root)} | settings)
    source = open_source(params, root=root.parent, scratch=root.parent / "scratch")
    return source, source.survey()


def said(notices, kind, words):
    return any(found == kind and words in message for found, message in notices)
