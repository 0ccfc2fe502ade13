"""The base of the judge's records."""

from pydantic import BaseModel, ConfigDict


class JudgeRecord(BaseModel):
    """A frozen record that refuses unknown fields; a docstring under a field becomes its description."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_default=True,
        ser_json_inf_nan="constants",  # else a NaN among a call's arguments would reach the program as None
    )
