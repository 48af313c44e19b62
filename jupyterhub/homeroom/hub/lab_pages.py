"""Addresses of this hub that lead into the lab of whoever follows them: by sign-in, choice and queue."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode, urlsplit


def file_path(public_url: str, file: str) -> str:
    """The page that opens a notebook, file or folder of the person's lab; empty where it is no plain path."""
    parts = [part for part in file.split("/") if part]
    if not parts or any(part in (".", "..") for part in parts) or re.search(r"[\x00-\x1f\x7f\\]", file):
        return ""
    return f"{urlsplit(public_url).path}hub/user-redirect/lab/tree/{'/'.join(quote(part) for part in parts)}"


def pull_path(public_url: str, repository: str, branch: str, file: str) -> str:
    """The page that fetches a repository into the person's lab and opens a file of it; empty for what is no address of
    one. It is nbgitpuller's."""
    if not re.fullmatch(r"https://[^\s\\\x00-\x1f]+", repository):
        return ""
    name = repository.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
    values = {"repo": repository}
    if branch:
        values["branch"] = branch
    values["targetpath"] = name  # left to nbgitpuller, it would be another one where the address ends with .git
    opened = re.sub("[%?#]", lambda found: quote(found[0]), file.strip("/"))  # else they are parts of the address
    values["urlpath"] = f"lab/tree/{'/'.join(filter(None, (name, opened)))}"
    return f"{urlsplit(public_url).path}hub/user-redirect/git-pull?{urlencode(values)}"
