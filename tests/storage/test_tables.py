from pathlib import Path

import pyarrow as pa

from storage.generate_rows import FOLDER, generate_modules
from storage.markdown import generate_page
from storage.tables import TABLES

ROOT = Path(__file__).parents[2]


def test_keys_are_never_null_and_every_table_has_a_bucket() -> None:
    for table in TABLES:
        assert all(not table.schema.field(key).nullable for key in table.key), table.name
        assert table.schema.field("bucket").type == pa.int32()


def test_docs_tables_is_made_from_the_schemas() -> None:
    assert (ROOT / "docs/tables.md").read_text() == generate_page(), "run `make docs`"


def test_row_types_are_made_from_the_schemas() -> None:
    assert {path.name: path.read_text() for path in FOLDER.glob("*.py")} == generate_modules(), "run `make docs`"
