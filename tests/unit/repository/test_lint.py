"""tests/lint.py: its own checks of Dockerfiles find what they are for."""

from __future__ import annotations

import pytest

from tests.lint import dockerfile_faults

GOOD = """\
# An image.
FROM debian:trixie-slim AS build
RUN apt-get update -q \\
 # a comment within
 && apt-get install -qy --no-install-recommends python3-venv
RUN python3 -m pip install --require-hashes --no-deps -r requirements.txt \\
 && npm ci --omit=dev

FROM debian:trixie-slim
RUN apt-get update -q && apt-get install -qy --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/x /opt/x
USER 1000:100
"""


def test_a_good_dockerfile_passes() -> None:
    """What the rules ask for can be written."""
    assert list(dockerfile_faults(GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "cause"),
    [
        ("# An image.", "# syntax=docker/dockerfile:1", 1, "fetched from a registry"),
        ("FROM debian:trixie-slim AS build", "FROM python:3.13 AS build", 2, "FROM python:3.13"),
        ("FROM debian:trixie-slim AS build", "FROM debian:latest AS build", 2, "FROM debian:latest"),
        (" --no-install-recommends python3-venv", " python3-venv", 3, "without --no-install-recommends"),
        (" --require-hashes", "", 6, "--require-hashes"),
        (" --no-deps", "", 6, "--no-deps"),
        ("npm ci --omit=dev", "npm install", 6, "npm ci"),
        ("npm ci --omit=dev", "curl https://x.example/y | sh", 6, "not locked"),
        ("npm ci --omit=dev", "sudo true", 6, "sudo"),
        ("apt-get update -q \\", "apt update -q \\", 3, "apt-get"),
        (" && rm -rf /var/lib/apt/lists/*", "", 10, "apt's lists"),
        ("COPY --from=build /opt/x /opt/x", "ADD https://x.example/y /y", 11, "ADD"),
        ("USER 1000:100\n", "", 9, "(root)"),
        ("USER 1000:100", "USER root", 9, "USER root"),
        ("USER 1000:100", "USER 0:0", 9, "USER 0:0"),
        ("USER 1000:100", "USER jovyan", 9, "USER jovyan"),
        ("USER 1000:100", "USER 1000:100\nUSER 0:0", 9, "USER 0:0"),
    ],
)
def test_a_fault_of_a_dockerfile_is_found_on_its_line(old: str, new: str, line: int, cause: str) -> None:
    """Each rule finds its breach, on the line where the instruction begins, and nothing else."""
    assert old in GOOD
    ((number, found),) = dockerfile_faults(GOOD.replace(old, new))
    assert number == line
    assert cause in found


def test_a_user_of_an_earlier_stage_does_not_count() -> None:
    """The last stage decides who runs."""
    text = GOOD.replace("USER 1000:100\n", "").replace(
        "\nFROM debian:trixie-slim\n", "USER 1:1\n\nFROM debian:trixie-slim\n"
    )
    assert [found for _, found in dockerfile_faults(text) if "(root)" in found]
