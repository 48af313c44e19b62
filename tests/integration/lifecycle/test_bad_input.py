"""A mistake is told with cause, place and remedy, and neither the running deployment nor a file changes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.engine import services as table
from tests.hub_deployment import HubDeployment, engine
from tests.sample_settings import settings

SERVICES = table.names(settings())


@pytest.fixture
def steady(deployment: HubDeployment) -> Iterator[HubDeployment]:
    """The running deployment; afterwards its files are put back, and it must not have been touched meanwhile."""
    before = {name: deployment.container(name).attrs["State"]["StartedAt"] for name in SERVICES}
    rendered = snapshot(deployment.directory / "rendered")
    env = (deployment.directory / ".env").read_bytes()
    yield deployment
    (deployment.directory / ".env").write_bytes(env)
    for path in (deployment.directory / "site" / "hub.d").glob("99-*"):
        path.unlink()
    assert snapshot(deployment.directory / "rendered") == rendered
    assert {name: deployment.container(name).attrs["State"]["StartedAt"] for name in before} == before


def snapshot(directory: Path) -> dict[str, bytes]:
    """Every generated file with its bytes; the builds' logs aside."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and "logs" not in path.parts
    }


def refused(deployment: HubDeployment, *words: str) -> None:
    """`up` and `check` both end with 2, say these words, show no traceback, and leave .env and site/ as they are."""
    files = snapshot(deployment.directory / "site") | {".env": (deployment.directory / ".env").read_bytes()}
    for verb in ("check", "up"):
        done = deployment.verb(verb)
        assert done.returncode == 2, done.stdout
        assert "Traceback" not in done.stdout
        for word in words:
            assert word in " ".join(done.stdout.split()), done.stdout
    assert snapshot(deployment.directory / "site") | {".env": (deployment.directory / ".env").read_bytes()} == files


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("HUB_PROT=8001", ("line", "HUB_PROT", "Did you mean HUB_PORT?")),
        ("hub_port=8001", ("hub_port", "HUB_PORT")),
        ("LAB_MEMORY=1gb", ("LAB_MEMORY=1gb", "is not a size such as 512M or 2G")),
        ("LAB_CPUS=two", ("LAB_CPUS=two", "is not a number")),
        ("CULL_IDLE_SECONDS=1h", ("CULL_IDLE_SECONDS=1h", "is not a whole number")),
        ("CONFIGPROXY_AUTH_TOKEN=", ("CONFIGPROXY_AUTH_TOKEN", "is already set on line")),
        ("LAB_CPUS='a'b", ("LAB_CPUS", "single quotes")),
        ("LOG_LEVEL=INFO # loud", ("LOG_LEVEL", "single quotes")),
        ("AUTH=dummy\nHUB_IP=0.0.0.0", ("HUB_IP is already set",)),
        ("LAB_MEMORY=1000G", ("LAB_MEMORY", "not one lab fits")),
        ("DOCKER_NOTEBOOK_IMAGE=nobody/has-this:1", ("the image nobody/has-this:1 is missing", "docker pull")),
    ],
)
def test_a_faulty_line_of_env(steady: HubDeployment, lines: str, words: tuple[str, ...]) -> None:
    """A misspelt, mistyped, misquoted or impossible line is named with its place and what would be right."""
    with (steady.directory / ".env").open("a") as file:
        file.write(lines + "\n")
    refused(steady, *words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "CONFIGPROXY_AUTH_TOKEN=",
            "CONFIGPROXY_AUTH_TOKEN=\n#",
            ("CONFIGPROXY_AUTH_TOKEN", "is empty", "openssl rand"),
        ),
        ("CONFIGPROXY_AUTH_TOKEN=", "CONFIGPROXY_AUTH_TOKEN=changeme\n#", ("still a placeholder",)),
        ("HUB_IP=127.0.0.1", "HUB_IP=0.0.0.0\nAUTH=dummy", ("AUTH", "without a password", "HUB_IP=127.0.0.1")),
        ("HUB_IP=127.0.0.1", "HUB_IP=203.0.113.7", ("HUB_IP", "not an address of this machine")),
    ],
)
def test_a_faulty_value_of_env(steady: HubDeployment, old: str, new: str, words: tuple[str, ...]) -> None:
    """An empty or placeholder secret, an open trial, and an address elsewhere are refused."""
    env = steady.directory / ".env"
    env.write_text(env.read_text().replace(old, new, 1))
    refused(steady, *words)


def test_an_env_that_is_not_utf8(steady: HubDeployment) -> None:
    """A file in another encoding is refused with the line and the way to convert it."""
    env = steady.directory / ".env"
    env.write_bytes(env.read_bytes() + "# Übung\n".encode("latin-1"))
    refused(steady, "is not UTF-8", "line", "iconv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("c.JupyterHub.x = (\n", ("site/hub.d/99-mine.py line 1", "never closed")),
        ("x = 1\n\nc.JupyterHub.y = undefined_name\n", ("site/hub.d/99-mine.py line 3", "undefined_name")),
        ("import nothing_like_this\n", ("site/hub.d/99-mine.py line 1", "nothing_like_this")),
    ],
)
def test_a_broken_file_of_hub_d(steady: HubDeployment, text: str, words: tuple[str, ...]) -> None:
    """A file of the operator's own that does not load is named with its line, and the hub keeps the last good one."""
    (steady.directory / "site" / "hub.d" / "99-mine.py").write_text(text)
    refused(steady, *words)
    done = steady.verb("render")  # the hub would read what it writes when it restarts by itself
    assert (done.returncode, words[0] in done.stdout) == (2, True), done.stdout


def checks() -> list[Any]:
    """The containers in which a configuration is tried."""
    label = {"label": "homeroom.service=check"}
    found: list[Any] = engine().containers.list(all=True, ignore_removed=True, filters=label)  # type: ignore[arg-type]
    return found


def test_an_interrupted_check_leaves_nothing(steady: HubDeployment) -> None:
    """Ctrl-C while the configuration is loaded removes the container in which that is tried."""
    known = {one.id for one in checks()}
    words = [".venv/bin/python", "-m", "generator", "check"]
    with subprocess.Popen(words, cwd=steady.directory, env=steady.environment, stdout=subprocess.DEVNULL) as run:
        while {one.id for one in checks()} <= known:
            assert run.poll() is None, "it ended before it could be interrupted"
        run.send_signal(signal.SIGTERM)  # as Ctrl-C, which a run in the background is deaf to
    assert run.returncode
    assert {one.id for one in checks()} <= known


def test_a_port_that_is_taken(steady: HubDeployment) -> None:
    """A taken port is refused with who has it and a free one."""
    with socket.socket() as rival:
        rival.bind(("127.0.0.1", 0))
        rival.listen()
        env = steady.directory / ".env"
        port = rival.getsockname()[1]
        env.write_text(env.read_text().replace(f"HUB_PORT={steady.port}", f"HUB_PORT={port}"))
        refused(steady, f"port {port}", f"process {os.getpid()}", "set HUB_PORT=")


def test_an_engine_that_is_not_there(steady: HubDeployment) -> None:
    """A missing socket is refused with where an engine was looked for."""
    with (steady.directory / ".env").open("a") as file:
        file.write("ENGINE_SOCKET=/run/nowhere/docker.sock\n")
    done = steady.verb("check")
    assert done.returncode == 2
    assert "/run/nowhere/docker.sock" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_user_who_may_not(steady: HubDeployment, tmp_path: Path) -> None:
    """A user without rights to the engine is told which right is missing, not shown a traceback."""
    env = steady.directory / ".env"
    for parent in steady.directory.parents:
        parent.chmod(parent.stat().st_mode | 0o011)
    steady.directory.chmod(0o755)
    env.chmod(0o644)
    try:
        done = subprocess.run(
            [
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                ".venv/bin/python",
                "-m",
                "generator",
                "check",
            ],
            cwd=steady.directory,
            env=steady.environment,
            capture_output=True,
            text=True,
        )
    finally:
        env.chmod(0o600)
    if "No module named" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip("this user cannot reach the Python environment of the tests")
    assert done.returncode == 2, done.stderr
    assert "docker" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
def test_a_full_disk(bare_deployment: HubDeployment, tmp_path: Path) -> None:
    """On a full disk the first run says so, leaves no half of a file, and works once there is room."""
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(small)], check=True)
    try:
        here = HubDeployment(small / "hr", bare_deployment.project, port=bare_deployment.port)
        (small / "filler").write_bytes(b"0" * (shutil.disk_usage(small).free))
        done = here.verb("init")
        assert done.returncode == 2
        assert "No space left" in done.stdout
        assert not (here.directory / ".env").exists()
        assert not list(here.directory.glob(".env*.tmp")) + list(here.directory.glob("..env.*"))
        (small / "filler").unlink()
        assert here.verb("init").returncode == 0
        assert here.verb("up").returncode == 2  # a few MiB are too little for a deployment, and that is told too
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
def test_a_directory_that_cannot_be_written(bare_deployment: HubDeployment) -> None:
    """A read-only directory is refused with what to do, and nothing else happens."""
    directory = bare_deployment.directory
    subprocess.run(["mount", "--bind", str(directory), str(directory)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(directory)], check=True)
    try:
        done = bare_deployment.verb("up")
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)
    assert done.returncode == 2
    assert "cannot be written" in done.stdout
    assert "Traceback" not in done.stdout


def test_verbs_before_the_first_up(bare_deployment: HubDeployment) -> None:
    """What needs services that are not there yet says so, with the way to have them, and ends with 2."""
    bare_deployment.make("init")
    for verb, missing in {"restart": "hub is", "shell": "hub is", "logs": "guard, firewall, proxy, hub are"}.items():
        done = bare_deployment.verb(verb)
        assert done.returncode == 2, f"{verb}: {done.stdout}"
        assert f"{missing} not" in done.stdout
        assert "`make up` brings everything up" in done.stdout
        assert "Traceback" not in done.stdout


@pytest.mark.parametrize("seconds", [0.5, 2.0, 4.0])
def test_an_interrupted_first_run_is_taken_up(bare_deployment: HubDeployment, seconds: float) -> None:
    """A first `make up` that is killed half-way leaves nothing that keeps the next one from succeeding."""
    with subprocess.Popen(
        ["make", "up"],
        cwd=bare_deployment.directory,
        env=bare_deployment.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as run:
        try:
            run.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, 9)
    bare_deployment.up()
    assert bare_deployment.container("hub").attrs["State"]["Health"]["Status"] == "healthy"
    assert (bare_deployment.directory / ".env").stat().st_mode & 0o777 == 0o600
