"""The progress of a run on stderr."""

import threading
from typing import Any

from cli.live import describe_wait
from tasks.models.protocol import Message, Prompt, Sampling
from tasks.models.settings import OpenAISettings
from tasks.running.effects import close_all, model_for
from tests.asking.servers import FaultyServer, Response, error
from tests.waiting import until


def test_progress_says_how_long_a_rate_limit_lasts() -> None:
    limited = [True]

    def limit(body: dict[str, Any]) -> Response | None:
        return error(429, "slow down") if limited else None

    with FaultyServer(limit) as server:
        model = model_for(OpenAISettings(urls=(server.url,), name="limited", backoff_s=0.5))
        prompt = Prompt("p", (Message("user", "Write add(a, b)."),), (0,))
        thread = threading.Thread(target=lambda: list(model.complete([prompt], Sampling())))
        try:
            assert describe_wait() == ""
            thread.start()
            until(lambda: describe_wait().startswith("waiting for the server's rate limit, "), "a wait")
            limited.clear()
            thread.join(30)
            assert not thread.is_alive() and describe_wait() == ""
        finally:
            close_all()
