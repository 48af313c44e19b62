"""The commit with which the Git panel begins a repository, for people whom Git does not know yet.

Upstream makes it as whoever Git knows, before it has asked for a name: in a new home *Initialize a Repository* fails,
and leaves a repository without a commit. It asks when people commit something themselves, and still does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

COMMIT = ["commit", "--allow-empty", "-m", "First commit"]


def command(known: Mapping[str, str], user: str) -> list[str]:
    """What makes the commit, under the user's name, where Git knows no other.

    :param known: Git's settings.
    """
    wanted = {"user.name": user, "user.email": f"{user}@localhost"}
    missing = [word for name, value in wanted.items() if not known.get(name) for word in ("-c", f"{name}={value}")]
    return ["git", *missing, *COMMIT]


async def make(git: Any, path: str) -> dict[str, Any]:
    """Make the commit; the answer is the panel's: `code`, and `message` where it failed."""
    from jupyterlab_git_core.git import execute

    known = (await git.config(path)).get("options", {})
    words = command(known, os.environ.get("JUPYTERHUB_USER", "jovyan"))
    code, _, error = await execute(words, cwd=path)
    return {"code": code, "command": " ".join(words), "message": error} if code else {"code": code}
