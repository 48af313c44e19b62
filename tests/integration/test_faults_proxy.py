"""The proxy dies: it comes back empty, is told its routes at once, and people's pages connect again."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed

from tests.faults import kill, recovery, until
from tests.frail import Frail
from tests.person import Kernel


def test_killed_while_people_work(frail: Frail) -> None:
    """Websockets break with the proxy; within seconds the same kernel is there again with all it knew."""
    person = frail.person()
    person.start_lab("real")
    lab = frail.lab("admin").id
    with person.kernel() as kernel:
        kernel.run("mark = 'before'")
        with recovery("proxy killed (until a new websocket to the same kernel computes)"):
            kill(frail, "proxy")
            with pytest.raises(ConnectionClosed):
                kernel.channel.recv()
            again: Kernel = until(lambda: reconnected(kernel), "the kernel is reached again")
            with again:
                assert again.run("print(mark)") == "before\n"
    assert frail.lab("admin").id == lab
    assert frail.routes() == ["/user/admin/"]
    frail.stop_all()


def reconnected(kernel: Kernel) -> Kernel | None:
    """The same kernel over a new websocket, as a page makes it; None while that fails."""
    try:
        return Kernel(kernel.person, kernel.id)
    except Exception:  # refused, closed or answered by the hub in the lab's stead: a page tries again
        return None
