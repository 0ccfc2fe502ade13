"""Licences of rows, as the hub names them on a card."""

import pytest

from tasks.publish.hub_licences import IDENTIFIERS, hub_licences, identify


@pytest.mark.parametrize(
    ("spdx", "identifier"),
    [
        ("MIT", "mit"), ("Apache-2.0", "apache-2.0"), ("CC0-1.0", "cc0-1.0"),
        ("BSD-3-Clause-Clear", "bsd-3-clause-clear"), ("CC-BY-4.0", "cc-by-4.0"), ("CC-BY-NC-4.0", "cc-by-nc-4.0"),
        ("CC-BY-NC-SA-4.0", "cc-by-nc-sa-4.0"), ("CC-BY-NC-ND-3.0", "cc-by-nc-nd-3.0"),
        ("CC-BY-SA-3.0", "cc-by-sa-3.0"), ("CC-BY-ND-4.0", "cc-by-nd-4.0"), ("CC-BY-SA-2.5", "cc"),
        ("CC-BY-3.0-US", "cc"), ("CC-BY-NC-2.5", "cc"), ("GPL-2.0-only", "gpl-2.0"), ("GPL-3.0-only", "gpl-3.0"),
        ("GPL-3.0-or-later", "gpl-3.0"), ("GPL-3.0+", "gpl-3.0"), ("GPL-1.0-or-later", "gpl"),
        ("LGPL-2.0-only", "lgpl"), ("LGPL-2.1-or-later", "lgpl-2.1"), ("LGPL-3.0-only", "lgpl-3.0"),
        ("AGPL-3.0-only", "agpl-3.0"), ("GFDL-1.3-no-invariants-or-later", "gfdl"), ("ODC-By-1.0", "odc-by"),
        ("ODbL-1.0", "odbl"), ("PDDL-1.0", "pddl"), ("CDLA-Permissive-2.0", "cdla-permissive-2.0"),
        ("C-UDA-1.0", "c-uda"), ("MS-PL", "ms-pl"), ("EUPL-1.2", "eupl-1.2"), ("EPL-2.0", "epl-2.0"),
        ("OFL-1.1", "ofl-1.1"), ("BSD-4-Clause", "bsd"), ("LGPLLR", "lgpl-lr"), ("Unlicense", "unlicense"),
        ("WTFPL", "wtfpl"), ("Zlib", "zlib"), ("llama3.1", "llama3.1"), ("openrail++", "openrail++"),
        ("PSF-2.0", "other"), ("0BSD", "other"), ("MIT-0", "other"),
    ],
)  # fmt: skip
def test_a_licence_has_the_name_that_the_hub_gives_it(spdx: str, identifier: str) -> None:
    assert identify(spdx) == identifier and identify(spdx.lower()) == identifier


def test_every_identifier_of_the_hub_names_itself() -> None:
    assert len(IDENTIFIERS) == 83 and all(identify(name) == name for name in IDENTIFIERS)


def test_an_expression_gives_every_licence_in_it() -> None:
    assert hub_licences(["MIT OR (Apache-2.0 AND BSD-2-Clause)", "mit"]) == {
        "license": ["apache-2.0", "bsd-2-clause", "mit"]
    }


@pytest.mark.parametrize(
    ("licences", "name"),
    [
        (["PSF-2.0"], "psf-2.0"),
        (["MIT-0", "MIT", "PSF-2.0"], "mit-0-and-psf-2.0"),
        (["GPL-2.0-only WITH Classpath-exception-2.0"], "gpl-2.0-only-with-classpath-exception-2.0"),
        (["LicenseRef-Our Own"], "licenseref-our-own"),
        (["see LICENCE.txt!"], "see-licence.txt"),
        (["日本"], "custom"),
    ],
)
def test_what_the_hub_lacks_is_other_and_has_a_name(licences: list[str], name: str) -> None:
    entries = hub_licences(licences)
    assert "other" in entries["license"] and entries["license_name"] == name  # type: ignore[operator]


def test_without_other_there_is_no_name() -> None:
    assert hub_licences(["GPL-3.0-only", "CC-BY-NC-4.0"]) == {"license": ["cc-by-nc-4.0", "gpl-3.0"]}
