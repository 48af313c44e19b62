"""What cells wrote unseen, which page is given it, and how much is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from homeroom_lab import runs
from homeroom_lab.missed import NOTE, Missed
from homeroom_lab.runs import LEAST_BYTES, MOST_BYTES, MOST_RUNS, Run, Runs, most_bytes

MB = 2**20
IDLE = {"execution_state": "idle"}


def begun(page: str = "one") -> Runs:
    """A kernel in which a page has started a cell."""
    kept = Runs()
    kept.pages.add(page)
    kept.begin("m", page, "cell", "print(1)")
    return kept


def publish(kept: Runs, message_id: str, kind: str = "stream", **content: Any) -> None:
    """A kernel's message, as the server sees it: what is not wanted is not read."""
    header, parent = {"msg_type": kind, "msg_id": f"{message_id}-{kind}"}, {"msg_id": message_id}
    if kept.want(header, parent):
        kept.record(kind, message_id, (json.dumps(header).encode(), b"{}", json.dumps(content).encode()))


def texts(run: Run) -> list[str]:
    """What a page is told that a run wrote."""
    return [message["content"].get("text", "") for message in run.as_json()["messages"]]


def test_the_next_page_is_given_what_a_cell_wrote() -> None:
    """A page that comes after the one that started a cell gets all that the cell wrote, before the reload and after it,
    its number and whether it is done; the page after that one gets nothing more."""
    kept = begun()
    publish(kept, "m", "execute_input", execution_count=7)
    publish(kept, "m", text="before")
    kept.pages.discard("one")
    publish(kept, "m", text="meanwhile")
    publish(kept, "m", "status", **IDLE)
    kept.pages.add("two")
    (run,) = kept.claim("two")
    told = run.as_json()
    assert texts(run) == ["before", "meanwhile"]
    assert (told["count"], told["done"], told["cut"], told["cell_id"]) == (7, True, False, "cell")
    assert all(message["parent_header"]["msg_id"] == told["message_id"] for message in told["messages"])
    assert kept.claim("two") == kept.claim("three") == []


def test_a_cell_that_still_runs_is_followed_through_reloads() -> None:
    """A run goes from page to page until one has seen its end."""
    kept = begun()
    for page in ("two", "three"):
        kept.pages.clear()
        kept.pages.add(page)
        (run,) = kept.claim(page)
        assert not run.done
    publish(kept, "m", "status", **IDLE)
    kept.pages.clear()
    assert kept.claim("four") == []


def test_what_a_page_has_seen_is_not_kept() -> None:
    """A cell that ends while its page is there costs nothing from then on, and a second page takes nothing from it."""
    kept = begun()
    kept.pages.add("second")
    assert kept.claim("second") == []
    publish(kept, "m", "status", **IDLE)
    kept.pages.clear()
    assert kept.claim("second") == []


def test_a_page_that_was_away_for_a_moment_is_given_nothing_twice() -> None:
    """Where upstream gives a page that comes back what it missed, the page after it does not get that again; what still
    runs is kept."""
    kept = begun()
    kept.begin("n", "one", "next", "2")
    kept.pages.clear()
    publish(kept, "m", "status", **IDLE)
    kept.pages.add("one")
    kept.seen("one")
    kept.pages.clear()
    assert [run.message_id for run in kept.claim("two")] == ["n"]


def test_cells_that_wait_are_kept_each_for_itself() -> None:
    """Of several cells that a page has sent, each has its own output, in the order of asking; one that did not begin,
    because the one before it failed, has no number."""
    kept = begun()
    kept.begin("n", "one", "next", "print(2)")
    kept.pages.clear()
    publish(kept, "m", "execute_input", execution_count=1)
    publish(kept, "m", "error", ename="ValueError")
    for each in ("m", "n"):
        publish(kept, each, "status", **IDLE)
    first, second = kept.claim("two")
    assert [message["header"]["msg_type"] for message in first.as_json()["messages"]] == ["error"]
    assert (first.count, second.count, second.done, len(second.output)) == (1, None, True, 0)


def test_a_cell_that_is_run_again_shows_the_last_run() -> None:
    """What the same cell wrote before is over; what other messages bring is nobody's."""
    kept = begun()
    publish(kept, "m", text="old")
    kept.begin("n", "one", "cell", "print(1)")
    publish(kept, "n", text="new")
    publish(kept, "elsewhere", text="lost")
    publish(kept, "n", "comm_msg", text="of a widget")
    kept.pages.clear()
    (run,) = kept.claim("two")
    assert texts(run) == ["new"]


@pytest.mark.parametrize(("wait", "between"), [(False, []), (True, ["old"])])
def test_what_a_cell_clears_is_not_kept(wait: bool, between: list[str]) -> None:
    """An animation is kept as its last picture; where it waits for the next one, the one before is still there."""
    kept = begun()
    publish(kept, "m", text="old")
    publish(kept, "m", "clear_output", wait=wait)
    kept.pages.clear()
    (run,) = kept.claim("two")
    assert texts(run) == between
    publish(kept, "m", text="new")
    assert texts(run) == ["new"]


def test_little_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that writes without end, or cells without end, fill no memory: the end of what was written is kept, the
    latest cell's longest, and the page is told that the beginning is not."""
    monkeypatch.setattr(runs, "most_bytes", lambda: 10_000)
    kept = begun()
    for number in range(100):
        publish(kept, "m", text=f"{number}")
    kept.begin("n", "one", "next", "2")
    for number in range(5):
        publish(kept, "n", text=f"{number}")
    kept.pages.clear()
    first, second = kept.claim("two")
    assert (texts(first)[-1], first.cut) == ("99", True)
    assert (texts(second), second.cut) == (["0", "1", "2", "3", "4"], False)
    assert first.size_bytes + second.size_bytes <= 10_000
    publish(kept, "n", text="x" * 20_000)
    assert (len(first.output), len(second.output), second.size_bytes, second.cut) == (0, 0, 0, True)
    for number in range(2 * MOST_RUNS):
        kept.begin(f"{number}", "one", f"{number}", "x" * 100_000)
    found = kept.claim("three")
    assert len(found) == MOST_RUNS
    assert not found[-1].code


@pytest.mark.parametrize(
    ("memory", "expected"), [("", LEAST_BYTES), (str(256 * MB), 2 * MB), (str(2**30), 8 * MB), (str(2**40), MOST_BYTES)]
)
def test_what_is_kept_goes_with_the_labs_memory(memory: str, expected: int) -> None:
    """The larger the lab, the more output its server keeps, within two bounds."""
    assert most_bytes({"MEM_LIMIT": memory}) == expected


def test_a_kernel_that_ends_by_itself_says_so_to_who_was_away() -> None:
    """Who comes back to a kernel that ran out of memory meanwhile reads so below the cell; a page that was there was
    told already, and who restarts a kernel knows what that ends."""
    why = (b'{"msg_id": "why", "msg_type": "stream"}', b"{}", b'{"text": "Out of memory"}')
    kept = begun()
    kept.end(why)
    kept.pages.clear()
    assert kept.claim("two") == []

    kept = begun()
    kept.pages.clear()
    publish(kept, "m", text="so far")
    kept.end(why)
    (run,) = kept.claim("two")
    assert (texts(run), run.done) == (["so far", "Out of memory"], True)

    kept = begun()
    kept.pages.clear()
    kept.clear()
    assert kept.claim("two") == []


class PlainSession:
    """As a kernel's session, for messages without signatures."""

    def feed_identities(self, parts: list[bytes]) -> tuple[list[bytes], list[bytes]]:
        return [], parts

    def unpack(self, packed: bytes) -> Any:
        return json.loads(packed)

    def msg(self, kind: str, content: Any, parent: Any) -> Any:
        return {"header": {"msg_type": kind}, "parent": parent, "content": content}

    def serialize(self, message: Any) -> list[bytes]:
        return [b"", *(json.dumps(message[name]).encode() for name in ("header", "parent", "content"))]


def test_a_page_that_comes_back_is_told_what_is_missing() -> None:
    """While a page has lost its network no output fills the server's memory; that cells ended, and that some of what
    they wrote is missing, is kept."""
    missed = Missed(PlainSession(), most_bytes=1000)

    def send(of: str, kind: str, channel: str = "iopub", **content: Any) -> None:
        header, parent = {"msg_type": kind}, {"msg_id": of}
        missed.append((channel, [b"", *(json.dumps(each).encode() for each in (header, parent, content))]))

    send("m", "stream", text="kept")
    for _ in range(100):
        send("m", "stream", text="x" * 500)
    send("m", "status", **IDLE)
    send("m", "execute_reply", "shell", status="ok")
    send("n", "execute_input", execution_count=2)
    send("n", "display_data", data={})
    send("n", "comm_msg", data={})
    kinds = [(json.loads(parts[1])["msg_type"], json.loads(parts[2])["msg_id"]) for _, parts in missed]
    assert kinds == [
        ("stream", "m"),
        ("stream", "m"),
        ("stream", "m"),
        ("status", "m"),
        ("execute_reply", "m"),
        ("execute_input", "n"),
        ("stream", "n"),
    ]
    assert json.loads(missed[2][1][3])["text"] == NOTE
    assert sum(len(part) for _, parts in missed for part in parts) < 3000
