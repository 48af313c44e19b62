"""What a run brings back is a student's: nothing of it is taken but outputs, and these only if they have their form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

MIME = re.compile(r"[a-z]+/[a-zA-Z0-9.+_-]{1,100}")
WHOLE = re.compile(r"application/(.*\+)?json")
"""Kinds whose value may be any of JSON's; all others are text."""
REASONS = {
    "memory": "It needed more memory than there is for it when it is graded, so it was ended.",
    "processes": "It started more processes or threads than it may when it is graded.",
    "time": "It took longer than it may in all when it is graded, so it was ended.",
    "unresponsive": "A cell took too long, and could not be interrupted, so it was ended.",
    "output": "It wrote more than is kept when it is graded. What was too much is left out.",
    "died": "It ended its own kernel.",
    "start": "Its kernel did not start.",
    "kernel": "There is no kernel of this name where it is graded.",
    "fault": "It could not be run, or brought back something that is no output.",
}
NOT_RUN = "NotRun"
DEEPEST = 100
"""How far an output's values may be in each other: what writes notebooks ends at some hundreds."""


def error(reason: str) -> dict[str, Any]:
    """The output of a cell that was not run, or not to its end: a test that has it earns nothing."""
    return {"output_type": "error", "ename": NOT_RUN, "evalue": reason, "traceback": [f"{NOT_RUN}: {reason}"]}


def checked(output: Any) -> dict[str, Any]:
    """An output with its fields and no others. :raises ValueError: it is none."""
    if not isinstance(output, dict):
        raise ValueError("no output")
    _require_writable(output)
    kind = output.get("output_type")
    if kind == "stream" and output.get("name") in ("stdout", "stderr") and isinstance(output.get("text"), str):
        return {"output_type": kind, "name": output["name"], "text": output["text"]}
    if kind == "error" and _is_texts([output.get("ename"), output.get("evalue"), *_list(output.get("traceback"))]):
        return {"output_type": kind, **{name: output[name] for name in ("ename", "evalue", "traceback")}}
    if kind in ("display_data", "execute_result"):
        found = {"output_type": kind, "data": _data(output.get("data")), "metadata": _metadata(output.get("metadata"))}
        return found if kind == "display_data" else {**found, "execution_count": count(output.get("execution_count"))}
    raise ValueError(f"{str(kind)[:40]!r} is no kind of output")


def _require_writable(output: dict[str, Any]) -> None:
    """:raises ValueError: no notebook can hold it: half a character, or too much in each other."""
    level: list[Any] = [output]
    for _ in range(DEEPEST):
        level = [
            one
            for each in level
            if isinstance(each, dict | list)
            for one in (each.values() if isinstance(each, dict) else each)
        ]
    if level:
        raise ValueError("too much in each other")
    json.dumps(output, ensure_ascii=False).encode()


def count(value: Any) -> int | None:
    """The number of a cell. :raises ValueError: it is none."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31):
        return value
    raise ValueError("no number of a cell")


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("a traceback is a list of lines")
    return value


def _is_texts(values: list[Any]) -> bool:
    return all(isinstance(each, str) for each in values)


def _data(value: Any) -> dict[str, Any]:
    good = isinstance(value, dict) and all(
        isinstance(kind, str) and MIME.fullmatch(kind) and (WHOLE.fullmatch(kind) or isinstance(one, str))
        for kind, one in value.items()
    )
    if not good:
        raise ValueError("data are texts by their kinds")
    return dict(value)


def _metadata(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("metadata are an object")
    return dict(value)


def take(cells: list[Any], ran: Mapping[str, Any], made: Callable[[dict[str, Any]], Any]) -> str:
    """Put what a run brought into the cells of the notebook that was sent, and nothing else.

    Returns why it is not whole, in words; empty where it is.

    :param ran: `cells`, each by its place in the notebook, and `trouble`.
    :param made: makes an output of nbformat's of its fields.
    """
    brought = ran.get("cells")
    trouble = ran.get("trouble")
    why = str(trouble.get("why")) if isinstance(trouble, dict) else "" if trouble is None else "fault"
    reason = REASONS.get(why, REASONS["fault"]) if why else ""
    for index, cell in enumerate(cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        one = brought.get(str(index)) if isinstance(brought, dict) else None
        try:
            cell.outputs = [made(checked(each)) for each in _list(one["outputs"])] if isinstance(one, dict) else []
            cell.execution_count = count(one.get("execution_count")) if isinstance(one, dict) else None
        except (KeyError, ValueError):
            cell.outputs, cell.execution_count, one = [], None, None
            reason = reason or REASONS["fault"]
        if one is None or (why in ("died", "memory") and cell is _last(cells, brought)):
            reason = reason or REASONS["fault"]
            cell.outputs.append(made(error(reason)))
    return reason


def _last(cells: list[Any], brought: Any) -> Any:
    """The last cell that a run brought something of: where the kernel ended, it ended in this one, or after it."""
    known = {str(index) for index in range(len(cells))}
    places = [int(each) for each in brought if each in known] if isinstance(brought, dict) else []
    return cells[max(places)] if places else None
