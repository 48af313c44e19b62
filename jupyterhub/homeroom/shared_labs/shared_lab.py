"""Labs that several people may enter. Each is the lab of a user of the hub's who is nobody: nobody signs in as one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from homeroom.hub.service_names import is_of_service
from homeroom.labs.plan import LabPlan, Person

_known: dict[str, SharedLab] = {}


@dataclass(frozen=True, kw_only=True)
class SharedLab:
    """One of them.

    :param name: of the hub's user whose lab it is.
    :param entered_by: groups of the hub's; their members start, enter and stop it.
    :param profile: the profile that it is started with; empty: the first.
    :param role: whose configuration its server reads beside its own; empty: no more than its own.
    :param member_of: groups of the hub's that its user is in.
    :param title: what people call it; empty: there is no word for it.
    :param set_aside: whether capacity is set aside for it: it starts however many others run.
    """

    name: str
    entered_by: tuple[str, ...]
    profile: str = ""
    role: str = ""
    member_of: tuple[str, ...] = ()
    title: str = ""
    set_aside: bool = False

    @property
    def person(self) -> Person:
        """Its user, as rules for profiles see them."""
        return Person(name=self.name, hub_groups=frozenset(self.member_of))


def know(prefix: str, labs: Iterable[SharedLab]) -> None:
    """Have these be the shared labs whose names begin so."""
    for name in [name for name in _known if name.startswith(prefix)]:
        del _known[name]
    _known.update({lab.name: lab for lab in labs})


def of(name: str) -> SharedLab | None:
    """The shared lab of a user of the hub's; None where it is a person's, or nobody's any more."""
    return _known.get(name)


def with_set_aside() -> list[SharedLab]:
    """Those for which capacity is set aside."""
    return [lab for lab in _known.values() if lab.set_aside]


def is_shared(name: str) -> bool:
    """Whether a user's lab is, or was, one that several enter."""
    return is_of_service(name)


def fitted(plan: LabPlan) -> LabPlan:
    """What a shared lab gets of a profile: its home stays, and it ends when nothing happens in it, not by its age."""
    idle_seconds = plan.idle_seconds or plan.max_age_seconds
    return replace(plan, idle_seconds=idle_seconds, max_age_seconds=0, ephemeral=False)
