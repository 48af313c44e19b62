"""Names that no person has: of users of the hub's whose labs several people may enter."""

from __future__ import annotations

PREFIXES = ("grader-", "room-")
"""What such names begin with. `make up` refuses them for people, too: `USERNAME_PATTERN`."""


def is_of_service(name: str) -> bool:
    """Whether a name is no person's to have."""
    return name.lower().startswith(PREFIXES)
