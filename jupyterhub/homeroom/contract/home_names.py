"""Homes as hub and guard both know them, and what the container needs that makes them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path("/srv/homes")
HOME_TARGET = "/home/jovyan"
"""Where a lab has its home, and so whatever is made for an errand in one."""
OWNER, GROUP = 1000, 100
"""Whose files those of a home are, and who labs are."""
CAPABILITIES = {
    "list": (),
    "ensure": ("CHOWN",),
    "limit": ("DAC_READ_SEARCH", "FOWNER", "SYS_ADMIN"),
    "use": ("DAC_READ_SEARCH",),
    "remove": ("DAC_OVERRIDE", "FOWNER"),
}
"""What a verb needs of root. `ensure` with a hard limit needs SYS_ADMIN as well: the kernel requires it for setting a
quota."""


def capabilities(verb: str, hard_limit_bytes: int) -> list[str]:
    """The capabilities that a verb's container needs."""
    return [*CAPABILITIES[verb], *(("SYS_ADMIN",) if verb == "ensure" and hard_limit_bytes else ())]


def directory_name(user: str) -> str:
    """The name of a user's directory, and the end of their volume's: no two people have the same.

    The same as dockerspawner's escaping: small letters and digits as they are, every other byte as `-xx`.
    """
    plain = "abcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(
        one if one in plain else "".join(f"-{byte:02x}" for byte in one.encode("utf-8", "surrogatepass"))
        for one in user
    )
