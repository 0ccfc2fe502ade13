import pytest

from tasks.mining.licences import canonicalize_expression, recognise_licence
from tests.mining.conftest import GPL, MIT

BSD_2 = """Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met: ..."""
BSD_3 = (
    BSD_2
    + """
* Neither the name of the copyright holder nor the names of its contributors may be used
  to endorse or promote products derived from this software without specific prior written permission."""
)
ISC = """Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies."""


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        pytest.param(MIT, "MIT", id="MIT"),
        pytest.param(MIT.replace("\n", "\r\n   ").upper(), "MIT", id="MIT in another layout"),
        pytest.param(MIT[: MIT.index("The above")], "MIT-0", id="MIT-0"),
        pytest.param(BSD_2, "BSD-2-Clause", id="BSD-2-Clause"),
        pytest.param(BSD_3, "BSD-3-Clause", id="BSD-3-Clause"),
        pytest.param(ISC, "ISC", id="ISC"),
        pytest.param(ISC[: ISC.index(", provided")], "0BSD", id="0BSD"),
        pytest.param("Apache License\n Version 2.0, January 2004", "Apache-2.0", id="Apache-2.0"),
        pytest.param("Licensed under the Apache License, Version 2.0 (the...", "Apache-2.0", id="Apache's notice"),
        pytest.param(
            "Mozilla Public License Version 2.0\n see the GNU General Public License", "MPL-2.0", id="MPL-2.0"
        ),
        pytest.param("PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2", "PSF-2.0", id="PSF-2.0"),
        pytest.param("This is free and unencumbered software released into the public domain.", "Unlicense", id="Unl."),
        pytest.param(f"{MIT}\nand for some files\n{BSD_3}", "BSD-3-Clause AND MIT", id="two licences that both apply"),
        pytest.param(GPL, None, id="GPL"),
        pytest.param(f"{MIT}\nSome files: {GPL}", None, id="MIT with GPL beside it"),
        pytest.param("All rights reserved.", None, id="none"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_licence_is_recognised_by_phrases_that_editors_keep(text: str, licence: str | None) -> None:
    assert recognise_licence(text) == licence


def test_metadata_count_only_where_they_are_an_spdx_expression() -> None:
    assert canonicalize_expression("mit or apache-2.0") == "MIT OR Apache-2.0"
    assert [canonicalize_expression(text) for text in ("BSD", MIT, None)] == [None, None, None]
