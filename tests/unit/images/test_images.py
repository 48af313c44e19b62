"""generator/images/: when an image is out of date, how a build is called, and how its failure reads."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.core.host_network import BuildNetwork
from generator.core.paths import ROOT
from generator.core.process import Completed
from generator.engine.find import Engine
from generator.images import build as subject
from generator.images import build_log, builder, context
from generator.images.build_log import BuildStep
from generator.images.spec import BuildSpec
from tests.fake_runner import always

DOCKER = Engine("docker", Path("/run/some.sock"), "26.1.5", "1.45", rootless=False)
WEEK = "2026-11-23"
LENT = BuildNetwork(("--secret", "id=ca,src=/x"), {"HTTP_PROXY": "http://p"})
FAILED = """\
#5 [2/3] RUN false
#5 0.070 the reason
#5 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1
------
 > [2/3] RUN false:
0.070 the reason
------
Dockerfile:2
--------------------
   2 | >>> RUN false
--------------------
ERROR: failed to solve: process "/bin/sh -c false" did not complete successfully: exit code: 1
"""


@pytest.fixture
def spec(tmp_path: Path) -> BuildSpec:
    folder = tmp_path / "hub"
    (folder / "package").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM debian:trixie-slim\n")
    (folder / "package/code.py").write_text("x = 1\n")
    return BuildSpec("hub", "homeroom-hub:local", folder, folder / "Dockerfile", {"A": "1"})


def test_the_digest_moves_with_all_that_decides_the_image(spec: BuildSpec) -> None:
    """Bytes, names, the executable bit, arguments and Dockerfile: each alone calls for a build."""
    seen = {context.context_digest(spec)}

    def is_new(changed: BuildSpec = spec) -> bool:
        digest = context.context_digest(changed)
        fresh = digest not in seen
        seen.add(digest)
        return fresh

    code = spec.context / "package/code.py"
    assert is_new(replace(spec, build_args={"A": "2"}))
    code.write_text("x = 2\n")
    assert is_new()
    code.chmod(0o755)
    assert is_new()
    code.rename(code.with_name("other.py"))
    assert is_new()
    spec.dockerfile.write_text("FROM debian:trixie-slim\nRUN true\n")
    assert is_new()
    (spec.context / "link").symlink_to("package")
    assert is_new()


def test_the_digest_ignores_what_does_not_count(spec: BuildSpec) -> None:
    """Python's leavings, ignored files, times and the umask's doing cost no build."""
    (spec.context / ".dockerignore").write_text("# notes\n*.md\n!KEEP.md\nbuild\n")
    before = context.context_digest(spec)
    for name in ("package/__pycache__/code.pyc", "x.egg-info/PKG", "notes.md", "build/deep/file"):
        path = spec.context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (spec.context / "package/code.py").chmod(0o600)
    assert context.context_digest(spec) == before
    (spec.context / "KEEP.md").write_text("x")
    assert context.context_digest(spec) != before


def test_no_bytecode_of_this_machine_reaches_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Python left beside the sources is not sent to a build, however deep it lies: it is another Python's, and
    each change of it would have layers built anew."""
    monkeypatch.setattr(context, "NEVER_SENT", ())
    folders = [path.parent for path in ROOT.glob("*/Dockerfile")]
    assert {"copies", "jupyterhub", "jupyterlab"} <= {folder.name for folder in folders}
    for folder in folders:
        patterns = context.ignore_patterns(BuildSpec("x", "x:local", folder, folder / "Dockerfile"))
        assert context.is_ignored("package/room/__pycache__", patterns), folder
        assert context.is_ignored("package/room/code.pyc", patterns), folder
        assert not context.is_ignored("package/room/code.py", patterns)


@pytest.mark.parametrize(
    ("pattern", "path", "ignored"),
    [
        ("*.md", "a.md", True),
        ("*.md", "docs/a.md", False),
        ("**/*.md", "docs/deep/a.md", True),
        ("docs", "docs/a.md", True),
        ("/docs/", "docs/a.md", True),
        ("doc?", "docs/a.md", True),
        ("docs/**", "docs/a/b", True),
        ("a.b", "axb", False),
    ],
)
def test_ignore_patterns_are_dockers(pattern: str, path: str, ignored: bool) -> None:
    """Patterns mean here what they mean to the builder, or a changed file would not be noticed."""
    assert context.is_ignored(path, [pattern]) is ignored


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("#7 [2/5] RUN apt-get update", BuildStep(2, 5, "RUN apt-get update")),
        ("#12 [runtime 3/9] COPY a b", BuildStep(3, 9, "COPY a b", "runtime")),
        ("STEP 4/8: RUN pip install", BuildStep(4, 8, "RUN pip install")),
        ("[1/2] STEP 2/3: RUN x", BuildStep(2, 3, "RUN x", "[1/2]")),
        ("#2 [internal] load metadata for debian", None),
        ("#7 0.5 output [1/2] of a program", None),
    ],
)
def test_steps_are_read_from_either_builder(line: str, found: BuildStep | None) -> None:
    """The progress shows the step that BuildKit or Podman is at."""
    assert build_log.parse_step(line) == found


def test_a_failed_build_shows_its_step_and_keeps_its_log(spec: BuildSpec, tmp_path: Path) -> None:
    """The failing instruction, its last words and the log's path are the error; the log holds all of it."""

    failing = always(1, err=FAILED)
    steps: list[BuildStep] = []
    with pytest.raises(HomeroomError) as caught:
        builder.build_image(
            DOCKER, spec, "d", LENT, packages=WEEK, on_step=steps.append, logs=tmp_path / "logs", runner=failing
        )
    assert "[2/3] RUN false" in caught.value.cause
    assert caught.value.cause.count("the reason") == 1
    log = tmp_path / "logs/build-hub.log"
    assert str(log) in caught.value.remedy
    assert log.read_text() == FAILED
    assert steps == [BuildStep(2, 3, "RUN false")]


def test_podmans_failure_shows_its_last_step() -> None:
    """Podman draws no rulers: the last step's lines are shown."""
    lines = ["STEP 1/2: FROM x", "STEP 2/2: RUN false", "the reason", "Error: building at STEP"]
    assert build_log.failure_lines(lines) == lines[1:]


def test_a_build_is_labelled_and_takes_the_secrets(spec: BuildSpec) -> None:
    """The label is what the next `up` compares; Podman's secrets must not travel by its service, which leaks them."""
    docker = builder.build_command(DOCKER, spec, "d1", LENT, packages=WEEK)
    podman = builder.build_command(replace(DOCKER, kind="podman"), spec, "d1", LENT, packages=WEEK)
    for command in (docker, podman):
        assert "homeroom.context=d1" in command
        assert "id=ca,src=/x" in command
        assert command[-1] == str(spec.context)
    assert not {"--url", "--remote"} & set(podman)


def test_another_builder_of_the_user_is_not_used(spec: BuildSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """A builder in a container would not see the local base image, so the engine's own is named."""
    monkeypatch.setenv("BUILDX_BUILDER", "remote")
    environment = builder.build_environment(DOCKER, LENT)
    assert environment["BUILDX_BUILDER"] == "default"
    assert environment["DOCKER_HOST"] == "unix:///run/some.sock"
    assert environment["HTTP_PROXY"] == "http://p"


def test_another_users_podman_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images built in one user's Podman are not seen by another's, so that is said before the build."""
    path = tmp_path / "podman.sock"
    path.touch()
    podman = replace(DOCKER, kind="podman", socket=path)
    builder.require_podmans_owner(podman)
    monkeypatch.setattr("os.geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(HomeroomError, match="another user"):
        builder.require_podmans_owner(podman)


class Builder:
    """A runner whose builds all wait for each other; then one fails, and the others go on until they are stopped."""

    def __init__(self, failing: str = "") -> None:
        self.failing = failing
        self.together = threading.Barrier(3)
        self.stopped: list[str] = []

    def __call__(self, command: Sequence[str], **options: Any) -> Completed:
        names = [name for name in ("hub", "proxy", "lab") if f"homeroom-{name}:local" in command]
        if not names:
            return Completed(tuple(command), 0, "", "")
        self.together.wait(20)
        if names == [self.failing]:
            for line in FAILED.splitlines():
                options["on_line"](line)
            return Completed(tuple(command), 1, "", "")
        if self.failing and options["stop"].wait(20):
            self.stopped += names
            return Completed(tuple(command), -15, "", "")
        return Completed(tuple(command), 0, "", "")


@pytest.fixture
def three(spec: BuildSpec) -> list[BuildSpec]:
    """The three images."""
    return [replace(spec, name=name, tag=f"homeroom-{name}:local") for name in ("hub", "proxy", "lab")]


def build_all(three: list[BuildSpec], logs: Path, runner: Builder) -> dict[str, float]:
    return subject.build_all(DOCKER, three, {one.name: "d" for one in three}, packages=WEEK, logs=logs, runner=runner)


def test_images_are_built_side_by_side(three: list[BuildSpec], tmp_path: Path) -> None:
    """None of the three waits for another's end."""
    assert build_all(three, tmp_path, Builder()).keys() == {"hub", "proxy", "lab"}


def test_one_failed_build_ends_the_others(
    three: list[BuildSpec], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody waits minutes for the others to learn of it: they are ended, and the failing one's words are the error."""
    builder = Builder("proxy")
    with pytest.raises(HomeroomError, match="building the proxy image failed") as caught:
        build_all(three, tmp_path, builder)
    assert sorted(builder.stopped) == ["hub", "lab"]
    assert str(caught.value).count("image failed") == 1
    said = capsys.readouterr().out
    assert "✗ Building the proxy image" in said
    assert "- Building the lab image" in said


def test_ctrl_c_ends_all_builds(three: list[BuildSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted `make up` leaves no build behind that goes on by itself."""
    builder = Builder("nobody")
    builder.together = threading.Barrier(4)

    def interrupt(_: object) -> None:
        builder.together.wait(20)
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", interrupt)

    with pytest.raises(KeyboardInterrupt):
        build_all(three, tmp_path, builder)
    assert sorted(builder.stopped) == ["hub", "lab", "proxy"]


def test_the_images_begin_alike() -> None:
    """The three files' first stages are the same words, so that builds side by side make it once."""
    folders = ("jupyterhub", "jupyterlab", "proxy")
    texts = [(ROOT / folder / "Dockerfile").read_text() for folder in folders]
    stage = r"^FROM debian:trixie-slim AS python\nARG .*\nRUN (?:.*\\\n)*.*\n"
    first = [re.search(stage, text, re.M) for text in texts]
    assert all(first)
    assert len({match[0] for match in first if match}) == 1
