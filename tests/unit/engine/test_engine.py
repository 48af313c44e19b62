"""generator/engine/find.py: finding the engine, judging it, and calling Compose on it."""

from __future__ import annotations

import signal
import socket as sockets
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.core import process
from generator.core.errors import HomeroomError
from generator.engine import find as subject
from generator.engine.find import (
    ComposeMissing,
    Engine,
    EngineForbidden,
    EngineMissing,
    EngineStopped,
    EngineTooOld,
)
from tests.fake_runner import by_words

DOCKER = Engine("docker", Path("/run/some.sock"), "26.1.5", "1.45", rootless=False)


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "engine.sock"
    with sockets.socket(sockets.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield path


def answering(monkeypatch: pytest.MonkeyPatch, found: Engine) -> None:
    monkeypatch.setattr(subject, "ask", lambda path: found)


def test_a_path_without_a_socket_is_a_missing_engine(tmp_path: Path) -> None:
    """A missing socket is told apart from a stopped one, because only it may lead to an installation."""
    with pytest.raises(EngineMissing) as caught:
        subject.find_engine(tmp_path / "no.sock")
    assert not isinstance(caught.value, EngineStopped)
    assert str(tmp_path / "no.sock") in str(caught.value)


def test_a_socket_that_nobody_serves_is_a_stopped_engine(tmp_path: Path) -> None:
    """A dead daemon's socket counts as stopped, so that `up` starts it rather than installing another."""
    path = tmp_path / "dead.sock"
    with sockets.socket(sockets.AF_UNIX) as server:
        server.bind(str(path))
    with pytest.raises(EngineStopped):
        subject.find_engine(path)


def test_a_forbidden_socket_names_group_and_root(monkeypatch: pytest.MonkeyPatch, listening: Path) -> None:
    """Whoever may not use the socket learns how to: its group, or root."""

    class Refusing(sockets.socket):
        def connect(self, address: object) -> None:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("socket.socket", Refusing)
    monkeypatch.setattr(Path, "group", lambda self: "docker")
    with pytest.raises(EngineForbidden) as caught:
        subject.find_engine(listening)
    assert "usermod -aG docker" in caught.value.remedy
    assert "root" in caught.value.remedy


def test_a_forbidden_engine_is_reported_before_missing_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With several places to look, the error is about the engine that is there, not about the last path."""

    def knock(path: Path) -> None:
        if path.name == "docker.sock" and path.parent == tmp_path:
            raise EngineForbidden("forbidden", remedy="")
        raise EngineMissing("missing", remedy="")

    monkeypatch.setattr(subject, "knock", knock)
    with pytest.raises(EngineForbidden):
        subject.find_engine(environ={"XDG_RUNTIME_DIR": str(tmp_path)})


def test_docker_host_is_asked_first_and_remote_ones_never() -> None:
    """DOCKER_HOST leads the search when it is a Unix socket; an engine elsewhere can serve no socket labs."""
    first = subject.candidate_sockets({"DOCKER_HOST": "unix:///mine.sock", "XDG_RUNTIME_DIR": "/run/user/7"})
    assert first[0] == Path("/mine.sock")
    assert Path("/run/user/7/podman/podman.sock") in first
    assert subject.candidate_sockets({"DOCKER_HOST": "tcp://far:2375"})[0] == Path("/var/run/docker.sock")


def test_podman_is_known_by_its_component(tmp_path: Path) -> None:
    """Podman answers as Docker does; only its component name gives its real version away."""
    podman = subject.describe(
        tmp_path,
        {"Version": "4.3.1", "ApiVersion": "1.41", "Components": [{"Name": "Podman Engine", "Version": "4.3.1"}]},
        {"SecurityOptions": ["name=seccomp", "name=rootless"]},
    )
    docker = subject.describe(
        tmp_path, {"Version": "26.1.5", "ApiVersion": "1.45", "Components": [{"Name": "Engine", "Version": "x"}]}, {}
    )
    assert (podman.kind, podman.version, podman.rootless) == ("podman", "4.3.1", True)
    assert (docker.kind, docker.version, docker.rootless) == ("docker", "26.1.5", False)


@pytest.mark.parametrize(
    ("kind", "version", "api", "good"),
    [
        ("docker", "24.0.0", "1.43", True),
        ("docker", "26.1.5+dfsg1", "1.45", True),
        ("docker", "23.0.6", "1.42", False),
        ("docker", "20.10.24+dfsg1", "1.41", False),
        ("docker", "24.0.0", "1.42", False),
        ("podman", "4.3.1", "1.41", True),
        ("podman", "4.2.0", "1.41", False),
        ("podman", "5.4.2", "1.41", True),
    ],
)
def test_minimum_versions(
    monkeypatch: pytest.MonkeyPatch, listening: Path, kind: str, version: str, api: str, good: bool
) -> None:
    """An engine below the minimum is refused when it is found, by version and by API; Podman's API does not count."""
    answering(monkeypatch, Engine(kind, listening, version, api, rootless=False))  # type: ignore[arg-type]
    if good:
        assert subject.find_engine(listening).version == version
    else:
        with pytest.raises(EngineTooOld, match="too old"):
            subject.find_engine(listening)


def test_settings_in_the_shell_never_reach_compose() -> None:
    """Compose prefers the shell's variables to .env, so those of a setting's name are taken out, and its own too."""
    environ = {
        "PATH": "/bin",
        "HUB_PORT": "1",
        "COMPOSE_FILE": "/elsewhere.yml",
        "DOCKER_CONTEXT": "far",
        "DOCKER_HOST": "tcp://far",
    }
    kept = subject.engine_environment(DOCKER, drop={"HUB_PORT"}, environ=environ)
    assert kept == {"PATH": "/bin", "DOCKER_HOST": "unix:///run/some.sock"}


def test_compose_is_the_first_that_really_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `docker` without the plugin, or an old docker-compose, is passed over for one that works."""
    monkeypatch.setattr(
        subject, "compose_candidates", lambda: [["docker", "compose"], ["docker-compose"], ["/plugins/docker-compose"]]
    )
    runner = by_words(
        {
            "docker compose": (0, "Usage: docker [OPTIONS]\n", ""),
            "docker-compose": (0, "1.29.2\n", ""),
            "/plugins/docker-compose": (0, "v2.26.1-4\n", ""),
        }
    )
    assert subject.find_compose(DOCKER, runner=runner) == (["/plugins/docker-compose"], (2, 26, 1))


def test_an_old_compose_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Compose is merely too old, the error says which version was found."""
    monkeypatch.setattr(subject, "compose_candidates", lambda: [["docker-compose"]])
    with pytest.raises(ComposeMissing, match=r"1\.29\.2"):
        subject.compose_command(DOCKER, runner=by_words({"docker-compose": (0, "1.29.2\n", "")}))


def test_a_failing_compose_shows_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What Compose said last is the cause; the operator does not have to run it again to see it."""
    monkeypatch.setattr(subject, "compose_candidates", lambda: [["docker", "compose"]])
    runner = by_words(
        {
            "docker compose version": (0, "2.26.1", ""),
            "docker compose --project-directory": (1, "", "pulling\n\nError: port is already allocated\n"),
        }
    )
    with pytest.raises(HomeroomError, match="port is already allocated") as caught:
        subject.run_compose(DOCKER, ["up", "--wait"], project_dir=tmp_path, runner=runner)
    assert "`docker compose up`" in caught.value.cause
    done = subject.run_compose(DOCKER, ["up"], project_dir=tmp_path, check=False, runner=runner)
    assert done.returncode == 1


def test_run_hands_over_lines_of_both_streams_and_the_code() -> None:
    """Progress is read from either stream while the command runs, and nothing of it is lost."""
    seen: list[str] = []
    program = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    done = process.run([sys.executable, "-c", program], on_line=seen.append)
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert sorted(seen) == ["err", "out"]


def test_a_command_that_is_not_there_is_code_127(tmp_path: Path) -> None:
    """A missing program is an answer, not a traceback."""
    done = process.run([str(tmp_path / "nothing")])
    assert done.returncode == 127
    assert "nothing" in done.stderr


def test_version_tuple_reads_what_distributions_write() -> None:
    """Suffixes of distributions do not confuse the comparison of versions."""
    assert subject.version_tuple("v2.26.1-4") == (2, 26, 1)
    assert subject.version_tuple("26.1.5+dfsg1") == (26, 1, 5)
    assert subject.version_tuple("Usage:") == ()


def test_a_command_is_stopped_by_another_thread() -> None:
    """What runs on after the rest has failed is ended at once, as Ctrl-C would end it."""
    stop = threading.Event()
    done = process.run(["sh", "-c", "echo began; exec sleep 600"], on_line=lambda _: stop.set(), stop=stop)
    assert done.returncode == -signal.SIGTERM
    assert done.stdout == "began\n"
