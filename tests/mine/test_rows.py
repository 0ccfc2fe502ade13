from tasks.mine.rows import brief
from tests.mine.conftest import CODE


def test_a_prompt_shows_the_first_paragraph_of_a_docstring() -> None:
    code = 'def f(x):\n    """Say\n    it.\n\n    Args:\n        x: a thing\n    """\n    return x\n'
    assert brief(code) == 'def f(x):\n    """Say it."""\n    return x'
    assert brief(CODE["count_runs"]) == CODE["count_runs"].rstrip()
    assert brief('def f(x): "say"; return x\n') == 'def f(x): "say"; return x'
    assert brief('@cache\ndef f(x):\n    "say"\n    return x\n') == '@cache\ndef f(x):\n    """say"""\n    return x'
