"""How a request's body is read, and written anew from a table of rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from homeroom.guard.container_rules.values import Rule
from homeroom.guard.policy import Policy
from homeroom.guard.values import Refused, shown

SECRETIVE = ("Env", "Cmd", "Entrypoint", "Healthcheck")  # may hold tokens: never in a log line


def read_object(body: bytes) -> dict[str, Any]:
    """A request's body as one plain JSON object.

    :raises Refused: when it is anything else, or says a key twice, or a number no other reader understands.
    """

    def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise Refused("the body says a key twice")
        return found

    def number(_: str) -> Any:
        raise Refused("the body has a number that is no JSON")

    try:
        data = json.loads(body.decode(), object_pairs_hook=without_duplicates, parse_constant=number)
        json.dumps(data, ensure_ascii=False).encode()  # half of a letter is no text, and the engine reads another
    except (ValueError, RecursionError) as error:
        raise Refused("the body is no JSON") from error
    if not isinstance(data, dict):
        raise Refused("the body is no object")
    return data


def checked(given: Any, rules: Mapping[str, Rule], policy: Policy, where: str) -> dict[str, Any]:
    """An object written anew from the keys of a table of rules.

    :raises Refused: when a rule says no, or a key is unknown and says something, or differs from a known one in case
        only (the engine reads `PRIVILEGED` as `Privileged`).
    """
    if not isinstance(given, dict):
        raise Refused(f"{where} is not an object")
    folded = {key.casefold() for key in rules}
    for key, value in given.items():
        if key not in rules and (value or key.casefold() in folded):
            raise Refused(f"{where}.{shown(key)[1:-1]} is not among the fields a lab may set")
    for key, rule in rules.items():
        if not rule(given.get(key), policy):
            said = (
                ""
                if key in SECRETIVE
                else f": {shown(given[key])}"
                if given.get(key) is not None
                else ": it is missing"
            )
            raise Refused(f"{where}.{key} is not allowed{said}")
    return {key: given[key] for key in rules if given.get(key) not in (None, "", [], {})}
