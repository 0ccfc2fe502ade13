"""Recordings: written around a model, and answered from a file."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from storage.errors import ModelError
from tasks.models.protocol import Completion, Prompt, Sampling
from tasks.models.recorded import RecordedModel, Recorder
from tasks.models.settings import RecordedSettings
from tasks.models.stats import Stats
from tests.models.servers import BuildPrompt, complete


class UpperModel:
    """A model that answers the keys of prompts in capitals, last prompt first."""

    name, revision = "upper", "r1"
    closed = False

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Completion]:
        for prompt in reversed(list(prompts)):
            for index in prompt.sample_indices:
                yield Completion(prompt.key, index, f"{prompt.key.upper()}{index}\u00e9", "stop", 3, 4)

    def stats(self) -> Stats:
        return Stats()

    def close(self) -> None:
        self.closed = True


def open_recording(path: Path, revision: str = "r1") -> RecordedModel:
    return RecordedModel(RecordedSettings(path=path, name="upper", revision=revision))


def test_a_recording_replays_the_models_answers(tmp_path: Path, prompt: BuildPrompt) -> None:
    prompts = [prompt("a", 2), prompt("b")]
    recorder = Recorder(UpperModel(), tmp_path / "r.parquet")
    originals = list(recorder.complete(prompts, Sampling()))
    recorder.close()
    replayed = list(open_recording(tmp_path / "r.parquet").complete(prompts, Sampling()))
    assert sorted(replayed, key=str) == sorted(originals, key=str)
    assert [(completion.key, completion.sample_index) for completion in replayed] == [("a", 0), ("a", 1), ("b", 0)]


def test_the_key_of_a_prompt_is_no_part_of_the_address(tmp_path: Path, prompt: BuildPrompt) -> None:
    recorder = Recorder(UpperModel(), tmp_path / "r.parquet")
    list(recorder.complete([prompt("a")], Sampling()))
    recorder.save()
    renamed = Prompt("renamed", prompt("a").messages, (0,))
    [completion] = complete(open_recording(tmp_path / "r.parquet"), [renamed])
    assert (completion.key, completion.text) == ("renamed", "A0\u00e9")


@pytest.mark.parametrize("order", [1, -1])
def test_equal_answers_make_equal_bytes(tmp_path: Path, prompt: BuildPrompt, order: int) -> None:
    prompts = [prompt(text, 3) for text in "abc"]
    at_once = Recorder(UpperModel(), tmp_path / "1.parquet")
    list(at_once.complete(prompts, Sampling()))
    at_once.save()
    one_by_one = Recorder(UpperModel(), tmp_path / "2.parquet")
    for single_prompt in prompts[::order]:
        list(one_by_one.complete([single_prompt], Sampling()))
        one_by_one.save()
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.parquet", "2.parquet"]


def test_a_recording_grows_and_people_can_read_it(tmp_path: Path, prompt: BuildPrompt) -> None:
    for text in "ab":
        recorder = Recorder(UpperModel(), tmp_path / "r.parquet")
        list(recorder.complete([prompt(text)], Sampling()))
        recorder.save()
    rows = pq.read_table(tmp_path / "r.parquet").to_pylist()
    assert sorted(json.loads(row["messages"])[-1]["content"] for row in rows) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "sampling", "revision"),
    [("c", Sampling(), "r1"), ("a", Sampling(max_tokens=9), "r1"), ("a", Sampling(), "r2")],
    ids=["prompt", "sampling", "revision"],
)
def test_a_miss_names_the_prompt_and_the_command(
    tmp_path: Path, prompt: BuildPrompt, text: str, sampling: Sampling, revision: str
) -> None:
    recorder = Recorder(UpperModel(), tmp_path / "r.parquet")
    list(recorder.complete([prompt("a")], Sampling()))
    recorder.save()
    with pytest.raises(ModelError, match=rf"upper@{revision} to '{text}', sample 0.*`patchmill record`"):
        list(open_recording(tmp_path / "r.parquet", revision).complete([prompt(text)], sampling))


def test_a_missing_file_and_one_that_is_no_recording_are_errors(tmp_path: Path, prompt: BuildPrompt) -> None:
    path = tmp_path / "r.parquet"
    with pytest.raises(ModelError, match="no such recording"):
        list(open_recording(path).complete([prompt("a")], Sampling()))
    path.write_bytes(b"not parquet")
    with pytest.raises(ModelError, match="not a recording"):
        list(open_recording(path).complete([prompt("a")], Sampling()))


def test_closing_a_recorder_saves_and_closes_the_model(tmp_path: Path, prompt: BuildPrompt) -> None:
    model = UpperModel()
    recorder = Recorder(model, tmp_path / "deep" / "r.parquet")
    assert (recorder.name, recorder.revision) == ("upper", "r1")
    list(recorder.complete([prompt("a")], Sampling()))
    recorder.close()
    assert model.closed
    assert (tmp_path / "deep" / "r.parquet").exists()


def test_two_different_prompts_under_one_key_are_refused(tmp_path: Path, prompt: BuildPrompt) -> None:
    other = Prompt("a", prompt("b").messages, (0,))
    with pytest.raises(ValueError, match="share the key 'a'"):
        list(Recorder(UpperModel(), tmp_path / "r.parquet").complete([prompt("a"), other], Sampling()))
