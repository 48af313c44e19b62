"""How the service that reads copies is asked, and what it says where it has no answer. It loads
little: the container in which a file comes back asks by it, too."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

from homeroom.contract.by_socket import BySocket

WHYS = frozenset({"words", "missing", "large", "busy", "late", "none", "unreadable"})


class CannotRead(Exception):
    """There is no answer; `why` in a word, for which there is a text."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def send(connection: BySocket, path: str, body: Mapping[str, Any]) -> http.client.HTTPResponse:
    """Ask, and wait for the beginning of whatever is answered."""
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    return connection.getresponse()


def post(connection: BySocket, path: str, body: Mapping[str, Any]) -> http.client.HTTPResponse:
    """Ask, and wait for the beginning of an answer. :raises CannotRead: there is none, or it is a refusal."""
    try:
        answer = send(connection, path, body)
        if answer.status == http.HTTPStatus.OK:
            return answer
        why = json.loads(answer.read()).get("why")
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        why = None
    connection.close()
    raise CannotRead(why if why in WHYS else "unreadable")
