"""Values of calls to the engine, and how a refusal shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from homeroom.contract.mounts import Mount

COMPONENT = re.compile(r"[a-z0-9-]{1,200}")


class Refused(Exception):
    """A call, or a part of one, that the policy does not let through; its text is the reason, free of secrets."""


@dataclass(frozen=True, kw_only=True)
class MountRule:
    """One thing a lab may mount.

    :param source: a volume's name or, with a leading `/`, a path on the host; a trailing `*` stands for one name of
        lower-case letters, digits and `-`.
    :param target: where in the lab, exactly; with a trailing `*`, which a path on the host then has too, the same name
        stands for both.
    :param read_only: whether the lab may only read; a read-write rule also allows the mount read-only.
    """

    source: str
    target: str
    read_only: bool = True

    def __post_init__(self) -> None:
        path = "/" if self.source.startswith("/") else ""
        name = r"[A-Za-z0-9_.@+-]+"
        source = rf"(?:/{name})*/(?:{name}\*?|\*)" if path else rf"{name}\*?"
        both = path and self.source.endswith("*")
        target = rf"(?:/{name})+\*?" if both else rf"(?:/{name})+"
        plain = re.fullmatch(source, self.source) and re.fullmatch(target, self.target)
        if not plain or self.source == "/*" or ".." in self.source + self.target:
            raise ValueError(f"mount {self.source!r} onto {self.target!r}: no plain name or absolute path")

    @classmethod
    def from_json(cls, rule: Any) -> MountRule:
        """One entry of `volumes` or `binds`. :raises ValueError: where it is malformed."""
        kinds = {"source": str, "target": str, "read_only": bool}
        if not only_keys(rule, *kinds) or any(not isinstance(rule[key], kinds[key]) for key in rule):
            raise ValueError(f"a mount has source, target and read_only, not {rule!r}")
        return cls(source=rule.get("source", ""), target=rule.get("target", ""), read_only=rule.get("read_only", True))

    def allows(self, mount: Mount) -> bool:
        """Whether this rule covers the mount."""
        if self.read_only and not mount.read_only:
            return False
        if not self.source.endswith("*"):
            return (mount.source, mount.target) == (self.source, self.target)
        head = self.source[:-1]
        name = mount.source[len(head) :]
        target = self.target[:-1] + name if self.target.endswith("*") else self.target
        return mount.source.startswith(head) and mount.target == target and bool(COMPONENT.fullmatch(name))


def shown(value: object, longest: int = 80) -> str:
    """A value for a log line: one line, short, and of an object its keys only."""
    if isinstance(value, dict):
        return shown(list(value))
    plain = repr(value) if not isinstance(value, list) or is_strings(value) else f"a list of {len(value)}"
    return plain if len(plain) <= longest else plain[: longest - 3] + "..."


def is_int(value: object) -> bool:
    """Whether a JSON value is an integer, which in Python `true` is too."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_strings(value: object) -> bool:
    """Whether a JSON value is a list of strings."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def only_keys(value: Any, *allowed: str) -> bool:
    """Whether a JSON value is an object with no other key than these."""
    return isinstance(value, dict) and value.keys() <= set(allowed)
