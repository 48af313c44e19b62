"""Why a name is spoken for: kept by `homeroom.sign_in.known_names`. Apart, so that no library is waited for."""

from __future__ import annotations

TOKEN = "token"  # noqa: S105  # a kind, no secret
"""An administrator made this user on the page *Admin* or through the API, for tokens; there is no password."""
LEAVING = "leaving"
"""Is being removed: nothing of theirs is good for anything any more, but a lab may still run."""
SHARED = "shared"
"""The user of a lab that several people may enter: nobody signs in as one."""
REMOVED = "removed"
"""Was removed. Their home may still be there, so the name is not a stranger's to have."""
RENEWED = "renewed"
"""Has an account again, given by name: whatever was signed in or handed out before is worth nothing."""
