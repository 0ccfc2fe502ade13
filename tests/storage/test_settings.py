"""Files of settings: a base under a file, and every way in which one can be wrong."""

from pathlib import Path

import pytest

from storage.errors import ConfigError
from storage.settings import Settings, load_settings


class Inner(Settings):
    a: int = 0
    b: int = 0


class Outer(Settings):
    inner: Inner = Inner()
    names: tuple[str, ...] = ()


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text.replace("DIR", str(folder)))
    return folder / "top.yaml"


def test_a_file_is_laid_over_its_base_mapping_by_mapping(tmp_path: Path) -> None:
    top = write(
        tmp_path, ground="inner: {a: 1, b: 2}\nnames: [x, y]", top="base: DIR/ground.yaml\ninner: {b: 3}\nnames: [z]"
    )
    assert load_settings(top, Outer) == Outer(inner=Inner(a=1, b=3), names=("z",))


def test_a_base_has_a_base_and_overrides_come_last(tmp_path: Path) -> None:
    top = write(
        tmp_path,
        ground="inner: {a: 1, b: 2}",
        middle="base: DIR/ground.yaml\ninner: {a: 5}",
        top="base: DIR/middle.yaml",
    )
    assert load_settings(top, Outer, {"inner.b": 9}) == Outer(inner=Inner(a=5, b=9))


WRONG = {
    "its own base": ("base: DIR/top.yaml", "base"),
    "a base that is no path": ("base: 3", "base"),
    "a base that is not there": ("base: DIR/none.yaml", "no such file"),
    "no mapping": ("[1, 2]", "expected a mapping"),
    "an unknown field": ("innner: {}", "innner"),
    "no YAML": ("inner: {a: 1", "not valid YAML"),
}


@pytest.mark.parametrize(("text", "part"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_is_one_line_that_names_it(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(write(tmp_path, top=text), Outer)
    assert part in str(error.value) and "\n" not in str(error.value) and ".yaml" in str(error.value)


def test_two_files_that_are_each_others_base_are_refused(tmp_path: Path) -> None:
    top = write(tmp_path, other="base: DIR/top.yaml", top="base: DIR/other.yaml")
    with pytest.raises(ConfigError, match="base"):
        load_settings(top, Outer)
