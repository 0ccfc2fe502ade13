"""What our own machinery fails at, named for the boundary where it failed.

What a candidate program or a model does wrong is never one of these: it is a row with a verdict or a reason.
"""


class PatchmillError(Exception):
    """Base of ours; the message says what was tried on what, expected, got, and what to do next."""


class ConfigError(PatchmillError):
    """A file or value that a person wrote is wrong; one line names file, field, expected, got and the fix."""


class ModelError(PatchmillError):
    """A model server could not be started or reached, or answered something unusable."""


class LakeError(PatchmillError):
    """A table could not be read or written."""


class PublishError(PatchmillError):
    """A data set could not leave the lake: its gates block it, a disk or a hub refused; the last version stays."""


class HeldError(LakeError):
    """Another run holds what this one wanted to work on."""
