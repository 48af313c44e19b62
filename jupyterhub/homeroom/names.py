"""People's names: who is the same person, and who is not."""

from __future__ import annotations


class PlainNames:
    """Laid over an authenticator: names are the same in any case, and no look-alike becomes somebody's.

    JupyterHub lowers all of Unicode, where the Kelvin sign becomes a plain k. Here a name that is not ASCII stays as it
    is, and `username_pattern` refuses it.
    """

    def normalize_username(self, username: str) -> str:
        """The name that an account, a home and a lab go by."""
        if not username.isascii():
            return username
        normal: str = super().normalize_username(username)  # type: ignore[misc]  # the authenticator's, below this
        return normal
