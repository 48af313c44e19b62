"""What a build is sent: the files of its context, without those that .dockerignore names, and a digest of all that
decides what the image holds."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from generator.images.spec import BuildSpec

NEVER_SENT = ("**/__pycache__", "**/*.pyc", "**/*.egg-info")


def context_digest(spec: BuildSpec) -> str:
    """A digest of all that decides what the image holds: build arguments, Dockerfile, and every file of the context
    with its path, mode and bytes. Files that .dockerignore names do not count, nor do Python's leavings; and neither
    does the base image, which is all deployments' of the engine: `make refresh` brings Debian's updates.
    """
    digest = hashlib.sha256()

    def add(*parts: str | bytes) -> None:
        for part in parts:
            raw = part.encode() if isinstance(part, str) else part
            digest.update(len(raw).to_bytes(8, "big") + raw)

    for name, value in sorted(spec.build_args.items()):
        add("argument", name, value)
    for name, value in sorted(spec.origins.items()):
        add("origin", name, value)
    add("dockerfile", spec.dockerfile.read_bytes())
    for path in context_files(spec):
        relative = path.relative_to(spec.context).as_posix()
        if path.is_symlink():
            add("link", relative, str(path.readlink()))
        else:
            # Of the mode only whether it may be executed: git keeps no more, and the umask decides the rest.
            add("file", relative, "x" if path.stat().st_mode & 0o100 else "-", path.read_bytes())
    return digest.hexdigest()


def context_files(spec: BuildSpec) -> list[Path]:
    """The files of the context that a build is sent, in a fixed order."""
    patterns = ignore_patterns(spec)
    found: list[Path] = []
    for directory, names, files in os.walk(spec.context):
        here = Path(directory)
        names.sort()
        links = [name for name in names if (here / name).is_symlink()]
        for name in [*files, *links]:
            path = here / name
            if not is_ignored(path.relative_to(spec.context).as_posix(), patterns):
                found.append(path)
    return sorted(found)


def ignore_patterns(spec: BuildSpec) -> list[str]:
    """The patterns of `<Dockerfile>.dockerignore` or `.dockerignore`, after our own."""
    patterns = list(NEVER_SENT)
    for file in (spec.dockerfile.with_name(f"{spec.dockerfile.name}.dockerignore"), spec.context / ".dockerignore"):
        if file.is_file():
            lines = (line.strip() for line in file.read_text().splitlines())
            return patterns + [line for line in lines if line and not line.startswith("#")]
    return patterns


def is_ignored(relative: str, patterns: Sequence[str]) -> bool:
    """Whether .dockerignore's patterns leave a file out: the last that matches it, or a directory above it, decides."""
    ignored = False
    parts = relative.split("/")
    heads = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    for line in patterns:
        pattern = line.removeprefix("!").strip("/").removeprefix("./")
        if any(re.fullmatch(pattern_expression(pattern), head) for head in heads):
            ignored = not line.startswith("!")
    return ignored


def pattern_expression(pattern: str) -> str:
    """A .dockerignore pattern as a regular expression: `**` is any number of directories, `*` stays in one."""
    parts: list[str] = []
    for part in re.split(r"(\*\*/?|\*|\?)", pattern):
        parts.append({"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part)))
    return "".join(parts)
