"""Every public name is shown by an example, and every example of the judge and of Patchmill runs."""

import doctest
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

import judge
import patchmill
import storage.examples
import storage.lake

FINDER = doctest.DocTestFinder(exclude_empty=True)


def list_modules() -> list[ModuleType]:
    """Return every module of the judge that can be imported outside a sandbox, and those behind patchmill's names."""
    names = [module.name for module in pkgutil.walk_packages(judge.__path__, "judge.")]
    modules = [importlib.import_module(name) for name in names if not name.startswith("judge.inside")]
    return [judge, *modules, patchmill, storage.examples, storage.lake]


EXAMPLES = [test for module in list_modules() for test in FINDER.find(module, module.__name__) if test.examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_examples_show_what_they_do(example: doctest.DocTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output: list[str] = []
    results = doctest.DocTestRunner(optionflags=doctest.REPORT_UDIFF).run(example, out=output.append)
    assert results.failed == 0, "".join(output)


@pytest.mark.parametrize("package", [judge, patchmill], ids=lambda package: package.__name__)
def test_every_public_name_is_shown_by_an_example(package: ModuleType) -> None:
    package_examples = " ".join(example.source for test in FINDER.find(package) for example in test.examples)
    literals = {"Flag", "Verdict"}  # these cannot have a docstring; the judge's own shows them
    documented = {name for name in package.__all__ if ">>>" in (getattr(package, name).__doc__ or "")}
    without = [name for name in package.__all__ if name not in documented and name not in package_examples]
    assert set(without) <= (literals if package is patchmill else set())
