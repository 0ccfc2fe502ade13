"""Files of every usual kind are read alike; splits are chosen by name; a benchmark's test split asks for a word."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from storage.errors import ConfigError
from tasks.ingest.benchmarks import check_benchmarks
from tasks.ingest.settings import Source
from tests.ingest.sources import Read

SOURCE: TypeAdapter[Source] = TypeAdapter(Source)
ROWS: list[dict[str, object]] = [
    {"id": name, "question": "Write add.", "test_cases": ["assert add(1, 2) == 3"]} for name in ("a", "b")
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
ARRAY = json.dumps(ROWS, indent=1).encode()


def compress_zstd(data: bytes) -> bytes:
    """Return the bytes as one zstd frame."""
    buffer = pa.BufferOutputStream()
    with pa.CompressedOutputStream(buffer, "zstd") as stream:
        stream.write(data)
    return bytes(buffer.getvalue())


def write_parquet() -> bytes:
    """Return the rows as a Parquet file."""
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(ROWS), buffer)
    return bytes(buffer.getvalue())


FILES: dict[str, bytes] = {
    "rows.jsonl": LINES,
    "rows.ndjson": LINES,
    "rows.json": ARRAY,
    "lines.json": LINES,
    "bom.jsonl": b"\xef\xbb\xbf" + LINES,
    "array.jsonl": ARRAY,
    "one_object.json": json.dumps({"rows": ROWS}, indent=2).encode(),
    "rows.jsonl.gz": gzip.compress(LINES),
    "rows.json.zst": compress_zstd(ARRAY),
    "rows.jsonl.zst": compress_zstd(LINES),
    "two_frames.jsonl.zst": compress_zstd(LINES[: len(LINES) // 2]) + compress_zstd(LINES[len(LINES) // 2 :]),
    "rows.parquet": write_parquet(),
    "rows.parquet.gz": gzip.compress(write_parquet()),
}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_gives_the_same_problems(read: Read, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    problems, drops = read(kind="form", form="acecode", path=str(tmp_path / name))
    assert ([p.source_id for p in problems], drops) == (["a", "b"], [])
    (tmp_path / "plain.jsonl").write_bytes(LINES)
    plain, _ = read(kind="form", form="acecode", path=str(tmp_path / "plain.jsonl"))
    assert [p.problem_id for p in problems] == [p.problem_id for p in plain]


def test_a_folder_and_a_glob_are_read_in_order_of_name(read: Read, tmp_path: Path) -> None:
    for number, row in enumerate(ROWS):
        folder = tmp_path / f"part{number}"
        folder.mkdir()
        (folder / "rows.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
        (folder / "notes.txt").write_text("no rows")
    for path in (str(tmp_path), f"{tmp_path}/*/rows.jsonl.gz", f"{tmp_path}/**/*.gz"):
        problems, drops = read(kind="form", form="acecode", path=path)
        assert ([p.source_id for p in problems], drops) == (["a", "b"], [])


def test_a_broken_line_or_item_is_a_drop_and_the_others_are_read(read: Read, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b'{"id": \n' + LINES + b"7\n")
    (tmp_path / "rows.json").write_bytes(json.dumps([*ROWS, 7]).encode())
    problems, drops = read(kind="form", form="acecode", path=str(tmp_path / "rows.jsonl"))
    assert [p.source_id for p in problems] == ["a", "b"]
    assert [(d.reason, d.where) for d in drops] == [("not_json", "rows.jsonl:1"), ("not_an_object", "rows.jsonl:4")]
    problems, drops = read(kind="form", form="acecode", path=str(tmp_path / "rows.json"))
    assert ([p.source_id for p in problems], [d.reason for d in drops]) == (["a", "b"], ["not_an_object"])


def test_nan_in_a_field_that_is_not_read_does_no_harm(read: Read, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({**ROWS[0], "score": float("nan")}))
    problems, drops = read(kind="form", form="acecode", path=str(tmp_path / "rows.jsonl"))
    assert (len(problems), drops) == (1, [])


BROKEN = {
    "missing.jsonl": None,
    "cut.jsonl.gz": gzip.compress(LINES)[:20],
    "no.jsonl.zst": b"no frame",
    "no.parquet": b"no table",
    "rows.csv": b"a,b\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_read_is_one_line_that_names_it(read: Read, tmp_path: Path, name: str) -> None:
    data = BROKEN[name]
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ConfigError, match="form path") as error:
        read(kind="form", form="acecode", path=str(tmp_path / name))
    assert name in str(error.value) and "\n" not in str(error.value)


def test_a_folder_without_rows_is_one_line(read: Read, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file of a known format"):
        read(kind="form", form="acecode", path=str(tmp_path))


@pytest.fixture
def two_splits(tmp_path: Path) -> Path:
    """A folder with a file per split of TACO, of which each row has the split's name as its id."""
    for split in ("train", "test"):
        row = {"id": split, "question": "Add.", "input_output": {"inputs": ["1"], "outputs": ["1"]}}
        (tmp_path / f"{split}-00000-of-00001.jsonl").write_text(json.dumps(row))
    return tmp_path


def test_train_is_the_split_that_is_read_unless_another_is_asked_for(read: Read, two_splits: Path) -> None:
    for asked, ids in ({}, ["train"]), ({"split": "test"}, ["test"]), ({"split": "all"}, ["test", "train"]):
        problems, drops = read(kind="form", form="taco", path=str(two_splits), **asked)
        assert ([p.source_id for p in problems], drops) == (ids, [])


def test_a_file_of_another_split_is_refused_in_one_line(read: Read, two_splits: Path) -> None:
    with pytest.raises(ConfigError, match=r"split: expected files of split 'train', got test-.* of split 'test'"):
        read(kind="form", form="taco", path=str(two_splits / "test-00000-of-00001.jsonl"))
    with pytest.raises(ConfigError, match="split: expected train or test or all"):
        read(kind="form", form="taco", path=str(two_splits), split="dev")


BENCHMARKS: dict[str, dict[str, object]] = {
    "humaneval": {"kind": "humaneval"},
    "mbpp's test split": {"kind": "mbpp", "split": "test"},
    "all of apps": {"kind": "apps", "split": "all"},
    "form humanevalplus": {"kind": "form", "form": "humanevalplus"},
    "form mbppplus": {"kind": "form", "form": "mbppplus"},
    "form livecodebench": {"kind": "form", "form": "livecodebench"},
    "form taco, test": {"kind": "form", "form": "taco", "split": "test"},
    "form mbpp, all": {"kind": "form", "form": "mbpp", "split": "all"},
}


@pytest.mark.parametrize("case", BENCHMARKS)
def test_a_benchmarks_own_test_split_asks_for_a_word(tmp_path: Path, case: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("")
    settings = {"path": str(path), **BENCHMARKS[case]}
    with pytest.raises(ConfigError, match="benchmark: expected true") as error:
        check_benchmarks([SOURCE.validate_python(settings)])
    assert "\n" not in str(error.value)
    check_benchmarks([SOURCE.validate_python({**settings, "benchmark": True})])


def test_training_splits_ask_for_none(tmp_path: Path) -> None:
    for settings in (
        {"kind": "mbpp"},
        {"kind": "apps"},
        {"kind": "jsonl"},
        {"kind": "form", "form": "taco"},
        {"kind": "form", "form": "kodcode"},
    ):
        check_benchmarks([SOURCE.validate_python({"path": str(tmp_path), **settings})])


def test_the_folder_of_the_other_split_of_apps_is_not_read(read: Read, tmp_path: Path) -> None:
    for split in ("train", "test"):
        problem = tmp_path / split / "0000"
        problem.mkdir(parents=True)
        (problem / "question.txt").write_text("Add.")
        (problem / "input_output.json").write_text('{"inputs": ["1"], "outputs": ["1"]}')
    for asked, ids in ({}, ["train/0000"]), ({"split": "test"}, ["test/0000"]):
        problems, _ = read(kind="apps", path=tmp_path, **asked)
        assert [p.source_id for p in problems] == ids
    with pytest.raises(ConfigError, match="split: expected problems of split 'train', got 'test' only"):
        read(kind="apps", path=tmp_path / "test")


@pytest.mark.parametrize(
    ("form", "name", "count"),
    [("humanevalplus", "humanevalplus/humanevalplus_sample.jsonl.gz", 30),
     ("mbppplus", "mbppplus/mbppplus_dev.jsonl.gz", 154),
     ("mbpp", "mbpp/mbpp_dev.jsonl", 366)],
)  # fmt: skip
def test_real_rows_of_benchmarks_are_read(
    read: Read, shared: Callable[[str], Path], form: str, name: str, count: int
) -> None:
    problems, drops = read(kind="form", form=form, path=str(shared(name)))
    assert (len(problems), drops) == (count, [])


def test_every_row_of_originfmt_is_refused(read: Read, shared: Callable[[str], Path]) -> None:
    path = shared("mbppplus/mbppplus_dev.OriginFmt.jsonl.gz")
    problems, drops = read(kind="form", form="mbppplus", path=str(path))
    assert (problems, {drop.reason for drop in drops}) == ([], {"unsupported_tests"})
