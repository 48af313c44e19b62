"""Checks the code itself: `python -m tests.lint`, run by `make lint`. Changes nothing.

A check is a function that yields its findings, one a line; none means that it passed. `docker compose config` for every
combination of settings is tests/integration/schema/test_compose_config.py: the engine comes later than lint does.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from generator.core.console import note
from generator.core.paths import ROOT
from tests.hub_deployment import tracked_files

BIN = Path(sys.executable).parent
TYPED = ("bench", "copies/homeroom_copies", "generator", "jupyterhub/homeroom", "jupyterlab/homeroom_lab", "tests")
BASE_IMAGE = "debian:trixie-slim"
OWN_LAB = "${LAB_IMAGE}"
"""Homeroom's own lab image, as Dockerfiles of site/images/ are given it."""

# Written so that none of them finds itself here.
REGISTRIES = re.compile(r"[p]ypi\.org|[p]ythonhosted\.|[n]pmjs\.|[a]rtifactory|[n]exus\.", re.IGNORECASE)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:Users|work|workspace)/\w")
UNFINISHED = re.compile(r"\b(?:[F]IXME|[X]XX|[T]ODO|[H]ACK)\b")


def _tool(*command: str) -> Iterator[str]:
    """Run a developers' tool over the tree; what it says is the finding."""
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        yield (done.stdout + done.stderr).strip()


def _numbered(name: str) -> Iterator[tuple[int, str]]:
    """The lines of a file; none of one that is not text."""
    try:
        text = (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    yield from enumerate(text.splitlines(), start=1)


def ruff() -> Iterator[str]:
    """Style and likely slips in Python."""
    yield from _tool("ruff", "check", "--quiet", "--output-format=concise", ".")


def ruff_format() -> Iterator[str]:
    """Layout of Python."""
    yield from _tool("ruff", "format", "--quiet", "--check", ".")


def types() -> Iterator[str]:
    """Types, strictly."""
    yield from _tool("mypy", "--no-error-summary", *TYPED)


def shell() -> Iterator[str]:
    """Shell scripts: shellcheck, and the syntax as the system's own sh reads it."""
    scripts = [name for name in tracked_files() if re.match(r"#! ?/\S+(?: |/)(?:ba|da)?sh\b", _first_line(name))]
    if not scripts:
        yield "there is no shell script: the search for them is broken"
        return
    # SC2015: `a && b || fail` is meant so: whichever of the two is false, it fails.
    yield from _tool("shellcheck", "--format=gcc", "--exclude=SC2015", *scripts)
    for script in scripts:
        reader = "bash" if "bash" in _first_line(script) else "sh"
        done = subprocess.run([reader, "-n", script], cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            yield done.stderr.strip()


def _first_line(name: str) -> str:
    return next((line for _, line in _numbered(name)), "")


def dockerfiles() -> Iterator[str]:
    """Dockerfiles: pinned base, lean and clean stages, no root, nothing fetched past the locks."""
    found = [name for name in tracked_files() if Path(name).name == "Dockerfile"]
    if not found:
        yield "there is no Dockerfile: the search for them is broken"
    for name in found:
        yield from (f"{name}:{number}: {cause}" for number, cause in dockerfile_faults((ROOT / name).read_text()))


def dockerfile_faults(text: str) -> Iterator[tuple[int, str]]:
    """The faults of one Dockerfile, each with its line."""
    stages: set[str] = set()
    user: str | None = None
    last_from = 0
    instructions = list(_instructions(text))
    if "syntax=" in text.splitlines()[0]:
        yield 1, "a `# syntax=` line is fetched from a registry, which may not be there"
    for number, keyword, rest in instructions:
        if keyword == "FROM":
            image, _, stage = rest.partition(" AS ")
            if image not in (BASE_IMAGE, OWN_LAB, *stages):
                yield number, f"FROM {image}: only {BASE_IMAGE} is on every machine"
            stages.add(stage)
            user, last_from = None, number
        elif keyword == "USER":
            user = rest
        elif keyword == "ADD":
            yield number, "ADD fetches and unpacks: COPY what is in the tree"
        elif keyword == "RUN":
            yield from ((number, cause) for cause in _run_faults(rest))
    for number, keyword, rest in instructions:
        if keyword == "RUN" and number > last_from and "apt-get install" in rest and "/var/lib/apt/lists" not in rest:
            yield number, "apt's lists stay in the image: `&& rm -rf /var/lib/apt/lists/*` in the same RUN"
    if user is None or not re.fullmatch(r"[1-9][0-9]*:[0-9]+", user):
        yield last_from, f"the image ends with USER {user or '(root)'}: name one by number, `USER 1000:100`"


def _run_faults(command: str) -> Iterator[str]:
    if re.search(r"\bapt-get (?:\S+ )*install\b", command) and "--no-install-recommends" not in command:
        yield "apt-get install without --no-install-recommends"
    if re.search(r"\bapt (?:update|install)\b", command):
        yield "apt is for people: apt-get"
    if re.search(r"\b(?:curl|wget)\b[^|&;]*\|", command):
        yield "what is piped into a shell is not locked"
    if re.search(r"\bpip3? install\b", command) and not {"--require-hashes", "--no-deps"} <= set(command.split()):
        yield "pip install without --require-hashes --no-deps"
    if re.search(r"\bnpm (?:install|i)\b", command):
        yield "npm install moves versions: npm ci"
    if "sudo" in command:
        yield "sudo in a build"


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Every instruction of a Dockerfile: its first line's number, its keyword, its words on one line."""
    words, began = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("#") or (not line.strip() and not words):
            continue
        began = began or number
        words += line.rstrip("\\") if line.endswith("\\") else line
        if not line.endswith("\\"):
            keyword, _, rest = " ".join(words.split()).partition(" ")
            yield began, keyword.upper(), rest
            words, began = "", 0


def leftovers() -> Iterator[str]:
    """Nothing of a developer's own machine, network or list of things to do is in the tree."""
    for name in tracked_files():
        for number, line in _numbered(name):
            for pattern, what in ((MACHINE_PATHS, "a path of one machine"), (REGISTRIES, "a registry's host name")):
                if match := pattern.search(line):
                    yield f"{name}:{number}: {what}: {match[0]}"
            if name.endswith((".py", ".sh", ".mjs", ".yml", "Dockerfile", "Makefile")) and UNFINISHED.search(line):
                yield f"{name}:{number}: something that is not finished: {line.strip()[:60]}"


def plain_text() -> Iterator[str]:
    """Text files are UTF-8 with Unix line ends, no trailing space and one newline at the end."""
    for name in tracked_files():
        data = (ROOT / name).read_bytes()
        if b"\0" in data or not data:
            continue
        if b"\r" in data:
            yield f"{name}: carriage returns"
        if not data.endswith(b"\n") or data.endswith(b"\n\n"):
            yield f"{name}: does not end with one newline"
        spaced = [number for number, line in _numbered(name) if line != line.rstrip()]
        if spaced:
            yield f"{name}:{spaced[0]}: space at the end of the line"


def ignored() -> Iterator[str]:
    """What holds secrets or is generated is not in git."""
    for name in ("/.env", "/rendered/x", "/site/x", "/backup/x", "/.venv/x", "/.venv-dev/x"):
        if subprocess.run(["git", "check-ignore", "--quiet", f".{name}"], cwd=ROOT).returncode:
            yield f".gitignore does not name {name}"


@dataclass(frozen=True)
class Check:
    """One check and what to do when it fails."""

    run: Callable[[], Iterator[str]]
    remedy: str


CHECKS = (
    Check(ruff, "Fix it; `.venv-dev/bin/ruff check --fix` fixes some. An exception is justified on its line."),
    Check(ruff_format, "Run `.venv-dev/bin/ruff format`."),
    Check(types, "Give the types; an exception is justified on its line."),
    Check(shell, "Fix it; what a code such as SC2086 means: shellcheck's wiki."),
    Check(dockerfiles, "Fix it: an image is the same tomorrow, on any network, and needs no root."),
    Check(leftovers, "Take it out; mirrors and paths are read from the host's own configuration."),
    Check(plain_text, "Fix the file's ends of lines."),
    Check(ignored, "Add it to .gitignore."),
)


def main() -> int:
    """Run every check; 1 when one found something."""
    failed = 0
    for check in CHECKS:
        findings = list(check.run())
        title = (check.run.__doc__ or "").splitlines()[0].rstrip(".")
        note(f"[red]✗[/red] {title}" if findings else f"[green]✓[/green] {title}")
        for finding in findings:
            print(finding)
        if findings:
            print(f"  {check.remedy}")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
