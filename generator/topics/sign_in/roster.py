"""A class list taken in whole: accounts, groups and e-mail addresses, and who is gone since the last one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.core import operator
from generator.core.console import counted, quoted
from generator.core.errors import HomeroomError, raise_all
from generator.engine.deployment import Deployment
from generator.topics.sign_in.accounts import ask_hub, new_password, removed, require_native
from generator.topics.sign_in.class_list import Listed
from generator.topics.sign_in.settings import known_ways
from generator.topics.sign_in.ways import WAYS

MODULE = "homeroom.sign_in.roster_import"
SHOWN = 30


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a list changes.

    :param changed: by name, what changes, in words.
    :param gone: who was on an earlier list and is not on this one.
    """

    new: tuple[str, ...]
    changed: Mapping[str, str]
    same: int
    gone: tuple[str, ...]

    def lines(self, *, remove: bool) -> Iterator[str]:
        """What the list changes, in lines for the operator."""
        yield f"New: {_names(self.new)}"
        yield f"Changed: {_names(self.changed)}"
        yield from (f"  {quoted(name)}: {quoted(what)}" for name, what in list(self.changed.items())[:SHOWN])
        yield f"As before: {self.same}"
        end = "removed" if remove else "left alone; REMOVE=1 removes them"
        yield f"Not in the file any more: {_names(self.gone)}" + (f" ({end})" if self.gone else "")


def _names(names: Sequence[str] | Mapping[str, str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return f"{len(listed)}" + (f": {', '.join(map(quoted, listed[:SHOWN]))}{more}" if listed else "")


def compare(deployment: Deployment, people: Sequence[Listed]) -> Difference:
    """What a list would change; changes nothing.

    :raises HomeroomError: the hub keeps no accounts, or a group has the name of a source's.
    """
    require_native(deployment)
    raise_all(
        [_foreign(group) for group in sorted({group for one in people for group in one.groups}) if _is_foreign(group)]
    )
    known = ask_hub(deployment, "known", module=MODULE)
    return difference(people, known["listed"], known["accounts"])


def _is_foreign(group: str) -> bool:
    return any(group.startswith(f"{way}-") for way in known_ways().keys() - WAYS.keys())


def _foreign(group: str) -> HomeroomError:
    return HomeroomError(
        f"the group {group} has a name that a way to sign in gives to groups of its own",
        location="FILE",
        remedy="Give the group a name that does not begin with a word of AUTH.",
    )


def difference(people: Sequence[Listed], listed: Mapping[str, Any], accounts: Sequence[str]) -> Difference:
    """What a list changes.

    :param listed: groups and e-mail by name, as an earlier list had them.
    :param accounts: who has an account, from a list or not.
    """
    new, changed, same = [], {}, 0
    for person in people:
        before = listed.get(person.name)
        if before is None and person.name not in accounts:
            new.append(person.name)
        elif what := _change(person, before or {"groups": [], "email": ""}):
            changed[person.name] = what
        else:
            same += 1
    gone = sorted(listed.keys() - {person.name for person in people})
    return Difference(new=tuple(new), changed=changed, same=same, gone=tuple(gone))


def _change(person: Listed, before: Mapping[str, Any]) -> str:
    was, now = set(before["groups"]), set(person.groups)
    parts = [f"+{group}" for group in sorted(now - was)] + [f"-{group}" for group in sorted(was - now)]
    if person.email and person.email != before["email"]:
        parts.append(person.email)
    return " ".join(parts)


def take_in(deployment: Deployment, people: Sequence[Listed], gone: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Take a list in; who is `gone` is removed.

    :returns: the new passwords by name, and who was removed.
    :raises HomeroomError: somebody is just being removed, or signs in elsewhere; nothing is done then.
    """
    passwords = {person.name: new_password() for person in people}
    wanted = {
        person.name: {"password": passwords[person.name], "groups": person.groups, "email": person.email}
        for person in people
    }
    asked = {"people": wanted, "gone": list(gone), "who": operator.name()}
    answer = ask_hub(deployment, "take-in", module=MODULE, given=json.dumps(asked))
    if answer["removed"]:
        raise removed(answer["removed"])
    for kind, why in (("leaving", "just being removed"), ("elsewhere", "the name of somebody who signs in elsewhere")):
        if answer[kind]:
            raise HomeroomError(
                f"{', '.join(answer[kind])}: {why}; nothing was done",
                location="FILE",
                remedy="Take the line out, or give another name; who is being removed is gone within a minute.",
            )
    return {name: passwords[name] for name in answer["made"]}, answer["gone"]


def told(made: Mapping[str, str], gone: Sequence[str]) -> str:
    """What a list that was taken in has changed, in words for the operator."""
    end = f", removed {counted(len(gone), 'account')}; their files stay for now" if gone else ""
    return f"Made {counted(len(made), 'account')}{end}. Groups count within seconds."
