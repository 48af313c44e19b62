"""What the desk says is released in a course, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class GivenOut:
    """The names of assignments, and the codes of hand-ins with feedback by assignment: what is out, and what waits.

    :param listed: those that the course's list has had, since they are out or wait.
    :param came: when what waits came, in seconds since 1970, by assignment.
    :param versions: what is released or taken back by a click, by the click and the assignment.
    """

    out: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    feedback: Mapping[str, frozenset[str]] = field(default_factory=dict)
    feedback_waiting: Mapping[str, frozenset[str]] = field(default_factory=dict)
    came: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, values: Mapping[str, Any] | None) -> GivenOut:
        """:param values: the desk's answer; None: there is none, so nothing is shown."""
        if values is None:
            return cls()
        released, feedback = values["released"], values["feedback"]
        return cls(
            out=frozenset(each["assignment"] for each in released["out"]),
            waiting=frozenset(each["assignment"] for each in released["waiting"]),
            listed=frozenset(
                each["assignment"] for each in (*released["out"], *released["waiting"]) if each.get("listed")
            ),
            feedback=_codes(feedback["out"]),
            feedback_waiting=_codes(feedback["waiting"]),
            came={each["assignment"]: each["at"] for each in released["waiting"]},
            versions=values.get("versions", {}),
        )

    def of(self, assignment: str) -> dict[str, Any]:
        """Of one assignment."""
        return {
            "out": assignment in self.out,
            "waiting": assignment in self.waiting,
            "feedback": len(self.feedback.get(assignment, ())),
            "feedback_waiting": len(self.feedback_waiting.get(assignment, ())),
            "came": self.came.get(assignment),
            "versions": {click: found[assignment] for click, found in self.versions.items() if assignment in found},
        }

    def has_feedback(self, assignment: str, code: str) -> bool:
        """Whether there is feedback for a hand-in that its person can fetch."""
        return code in self.feedback.get(assignment, ())


def _codes(found: list[dict[str, Any]]) -> dict[str, frozenset[str]]:
    names = {each["assignment"] for each in found}
    return {name: frozenset(each["code"] for each in found if each["assignment"] == name) for name in names}
