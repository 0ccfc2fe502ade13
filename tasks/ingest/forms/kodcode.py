"""KodCode: a question, a solution, and pytest functions that import it from `solution`."""

from tasks.ingest.forms.fields import list_references, read_id, read_json, read_optional_text, read_text
from tasks.ingest.forms.pytest_functions import convert_pytest
from tasks.ingest.records import Fields
from tasks.ingest.settings import FormSource


def convert_kodcode(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of KodCode."""
    entry_point, tests = convert_pytest(read_text(row, "test"))
    heads = _read_heads(row)
    question = read_text(row, "question").strip()
    missing = [head for head in heads if head not in question]
    task = "\n".join(f"    {head}" for head in missing)
    return {
        "source_id": read_id(row, number, "question_id", "conversation_id", "id"),
        "prompt": f"{question}\n\nYour code must define:\n\n{task}" if missing and question else question,
        "entry_point": entry_point,
        "tests": tests,
        "references": list_references([read_optional_text(row, "solution")], settings.references),
    }


def _read_heads(row: Fields) -> list[str]:
    """Return the heads of the functions that the tests use, which many questions do not name."""
    if not row.get("test_info"):
        return []
    records = read_json(row, "test_info")
    records = records if isinstance(records, list) else [records]
    heads = [record.get("function_declaration") for record in records if isinstance(record, dict)]
    return [head.strip() for head in heads if isinstance(head, str) and head.strip()]
