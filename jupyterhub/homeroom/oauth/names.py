"""Names that people have at a provider, as names that the hub can have."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_NAME = 40
_UNFIT = re.compile(r"[^a-z0-9._@+-]+")


def user_name(found: str, subject: str, strip_domain: str = "") -> str:
    """The user name to propose for somebody. Whose name at the provider cannot be one here gets one that looks like it
    and ends in a code of their own: nobody becomes `ada` because they call themselves `adä`.

    :param found: their name at the provider, or e-mail address.
    :param subject: what never changes there.
    :param strip_domain: the domain that is left off an address.
    """
    name = found.lower() if found.isascii() else found
    local, _, domain = name.rpartition("@")
    if local and strip_domain and domain == strip_domain.lower():
        name = local
    plain = _plain(name)
    if plain and plain == name and len(plain) <= MAX_NAME:
        return plain
    code = hashlib.sha256(subject.encode()).hexdigest()[:8]
    return f"{plain[:MAX_NAME].rstrip('._@+-') or 'user'}-{code}"


def _plain(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _UNFIT.sub("-", ascii_only).strip("._@+-")
