"""The tables as a page for people."""

from storage.tables import TABLES

MADE_FROM = "`storage/tables.py` and `storage/dataset_tables.py`"


def as_markdown() -> str:
    """The whole of docs/tables.md."""
    lines = [
        "# Tables",
        "",
        "Made from `storage/tables.py` and `storage/dataset_tables.py` by `make docs`; a test keeps the two equal.",
        "",
    ]
    for table in TABLES:
        lines += [f"## {table.name}", "", f"{table.about}. Key: {', '.join(f'`{k}`' for k in table.key)}.", ""]
        lines += ["| column | type | null | what |", "|---|---|---|---|"]
        for field in table.schema:
            about = (field.metadata or {})[b"about"].decode()
            kind = str(field.type).replace("|", "\\|").replace(" not null", "")
            lines.append(f"| {field.name} | {kind} | {'yes' if field.nullable else ''} | {about} |")
        lines.append("")
    return "\n".join(lines)
