"""The columns of a platform's gradebook (AGS line items): found by what this hub has made them with, else made."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from homeroom.lms.connection import Connection
from homeroom.lms.fault import LMSFault
from homeroom.lms.tokens import Tokens
from homeroom.lms.web import SHOWN, Web, require_own

KIND = "application/vnd.ims.lis.v2.lineitem+json"
LIST_KIND = "application/vnd.ims.lis.v2.lineitemcontainer+json"
MOST_PAGES = 100
SUM = "homeroom-sum"
"""What the column of a whole course is called, where it is of our making."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column that is wanted.

    :param key: the assignment; `SUM`: all of them together.
    """

    key: str
    label: str
    maximum: float


async def find_or_make(web: Web, tokens: Tokens, connection: Connection, columns: list[Column]) -> dict[str, str]:
    """Where each of these is, by its key. A single one for the whole course is the launched link's own, if it has one.

    :raises LMSFault: one cannot be had.
    """
    if connection.manner == "sum" and connection.lineitem:
        require_own(connection.lineitem, web.platform)
        return {each.key: connection.lineitem for each in columns}
    found = await _known(web, tokens, connection)
    for each in columns:
        if each.key not in found:
            found[each.key] = await _make(web, tokens, connection, each)
    return found


async def _known(web: Web, tokens: Tokens, connection: Connection) -> dict[str, str]:
    """Those that this hub has made for this course, by their keys."""
    found: dict[str, str] = {}
    address, seen = connection.lineitems, set[str]()
    while address and address not in seen and len(seen) < MOST_PAGES:
        seen.add(address)
        answer = await tokens.ask(web, "GET", address, {"Accept": LIST_KIND})
        if answer.status != 200 or not isinstance(answer.body, list):
            why = f"{answer.status} {answer.text[:SHOWN]}"
            raise LMSFault("closed", f"{web.platform.name} does not show the columns of its gradebook: {why}")
        for each in answer.body:
            if isinstance(each, dict) and each.get("tag") == connection.course and isinstance(each.get("id"), str):
                require_own(each["id"], web.platform)
                found.setdefault(str(each.get("resourceId", "")), each["id"])
        address = answer.next_page
    return found


async def _make(web: Web, tokens: Tokens, connection: Connection, column: Column) -> str:
    wanted: dict[str, Any] = {
        "label": column.label,
        "scoreMaximum": max(1, math.ceil(column.maximum)),  # Open edX takes whole numbers alone
        "resourceId": column.key,
        "tag": connection.course,
    }
    headers = {"Content-Type": KIND, "Accept": KIND}
    answer = await tokens.ask(web, "POST", connection.lineitems, headers, json.dumps(wanted).encode())
    made = answer.body.get("id") if isinstance(answer.body, dict) else None
    if answer.status not in (200, 201) or not isinstance(made, str):
        why = f"{answer.status} {answer.text[:SHOWN]}"
        raise LMSFault("refused", f"{web.platform.name} makes no column for {column.label}: {why}")
    require_own(made, web.platform)
    return made
