"""Licences as Hugging Face's hub names them on a card. Pure text.

Source: https://huggingface.co/docs/hub/repositories-licenses, its list of identifiers.
"""

import re
from collections.abc import Iterable

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_LIST = """
apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 bigcode-openrail-m
afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5
cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0
cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0
cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl
lgpl-2.1 lgpl-3.0 isc h-research intel-research lppl-1.3c ms-pl apple-ascl apple-amlr mpl-2.0 odc-by odbl openmdw-1.0
openmdw-1.1 openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license
fair-noncommercial-research-license llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 grok2-community gemma unknown
other
"""
IDENTIFIERS = frozenset(_LIST.split())
"""Every identifier that the hub accepts."""
OTHER = "other"
_RENAMED = {
    "c-uda-1.0": "c-uda",
    "odc-by-1.0": "odc-by",
    "odbl-1.0": "odbl",
    "pddl-1.0": "pddl",
    "lgpllr": "lgpl-lr",
    "gpl-1.0": "gpl",
    "lgpl-2.0": "lgpl",
    "agpl-1.0": OTHER,
}
"""Identifiers of SPDX, in small letters, that the hub spells otherwise, or knows only as a family."""
_FAMILIES = (
    (r"gfdl-1\.[1-3](-(no-)?invariants)?", "gfdl"),
    (r"cc-by(-nc)?(-nd)?(-sa)?-\d\.\d(-[a-z]{2,4})?", "cc"),
    (r"bsd-[1-4]-clause(-[a-z0-9-]+)?", "bsd"),
    (r"ofl-1\.1-(no-)?rfn", "ofl-1.1"),
)
"""Pattern and identifier of licences that the hub knows only as a family."""


def hub_licences(licences: Iterable[str]) -> dict[str, object]:
    """Return the entries `license` and `license_name` of a card.

    Args:
        licences: SPDX expressions, of all rows; other texts are names of licences that nobody else knows.

    Returns:
        `license`: identifiers of the hub, in alphabetical order; an expression gives one for each licence in it.
        `license_name`, where one of them is `other`: the names of these licences, as one word.
    """
    identifiers: dict[str, set[str]] = {}
    for licence in licences:
        for name in _names(licence):
            identifiers.setdefault(identify(name), set()).add(name)
    entries: dict[str, object] = {"license": sorted(identifiers)}
    if OTHER in identifiers:
        words = [re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.") for name in sorted(identifiers[OTHER])]
        entries["license_name"] = "-and-".join(dict.fromkeys(word for word in words if word)) or "custom"
    return entries


def identify(name: str) -> str:
    """Return the hub's identifier of one licence, named as SPDX or as the hub does."""
    key = name.strip().lower()
    key = key if key in IDENTIFIERS else re.sub(r"(-only|-or-later|\+)$", "", key)
    key = _RENAMED.get(key, key)
    if key in IDENTIFIERS:
        return key
    return next((family for pattern, family in _FAMILIES if re.fullmatch(pattern, key)), OTHER)


def _names(licence: str) -> list[str]:
    """Return the licences of an expression; an exception (`WITH`) makes a licence of its own, which the hub lacks."""
    try:
        expression = str(canonicalize_license_expression(licence))
    except InvalidLicenseExpression:
        return [licence]
    return [name for name in re.split(r"\s+(?:AND|OR)\s+|[()]", expression) if name.strip()]
