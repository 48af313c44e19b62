"""Starting an engine that is installed, and waiting for it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from generator.core.console import Step, step
from generator.core.errors import HomeroomError
from generator.core.process import Completed, Runner, indented, run, tail
from generator.engine.apt import apt_environment
from generator.engine.find import Engine, EngineMissing, find_engine

DOCKERD_PID = Path("/var/run/docker.pid")
CONTAINERD_PID = Path("/var/run/docker/containerd/containerd.pid")
DOCKERD_LOG = Path("/var/log/homeroom-dockerd.log")
PODMAN_LOG = Path("/var/log/homeroom-podman.log")
PODMAN_SOCKET = Path("/run/podman/podman.sock")
START_TIMEOUT_SECONDS = 60


def has_systemd() -> bool:
    return Path("/run/systemd/system").is_dir()


def has_sysv_init() -> bool:
    """Whether an init that runs /etc/init.d is process 1; in a container it usually is a shell."""
    try:
        return Path("/proc/1/comm").read_text().strip() == "init" and Path("/etc/init.d/docker").exists()
    except OSError:
        return False


def start_engine(socket: Path | None = None, *, runner: Runner = run) -> Engine:
    """Start the installed Docker daemon as root, by the init system or, without one, in a session of its own.

    Waits up to a minute until it answers; one that is already starting is waited for.

    :raises HomeroomError: it died or does not answer; the cause holds the reason from its log.
    """
    with step("Starting Docker") as shown:
        process: subprocess.Popen[bytes] | None = None
        if has_systemd():
            done = runner(["systemctl", "enable", "--now", "docker.socket", "docker.service"], env=apt_environment())
            if done.returncode != 0:
                raise daemon_failed(systemd_log("docker.service", runner), done)
        elif has_sysv_init():
            runner(["service", "docker", "start"], env=apt_environment())
        elif not daemon_is_starting():
            forget_killed_daemons()
            process = detach(["dockerd"], DOCKERD_LOG)
        return wait_for_engine(socket, shown, process, DOCKERD_LOG)


def daemon_is_starting() -> bool:
    """Whether a dockerd runs here already: the package's own script may have started one."""
    for path in (DOCKERD_PID, Path("/var/run/docker-ssd.pid")):
        status = named_process(path)
        if "Name:\tdockerd\n" in status and not is_zombie(status):
            return True
    return False


def named_process(path: Path) -> str:
    """/proc's status of the process that a pid file names; empty where there is none."""
    try:
        return Path(f"/proc/{int(path.read_text())}/status").read_text()
    except (OSError, ValueError):
        return ""


def is_zombie(status: str) -> bool:
    return "\nState:\tZ" in status


def forget_killed_daemons() -> None:
    """Remove the pid files of daemons that were killed and never reaped: in a container, process 1 may never do it.

    To Docker they run still, so it would not start beside them.
    """
    for path in (DOCKERD_PID, CONTAINERD_PID):
        if is_zombie(named_process(path)):
            path.unlink()


def start_podman(socket: Path | None = None, *, runner: Runner = run) -> Engine:
    """Have Podman answer on its socket: root's, or the user's own.

    :raises HomeroomError: it does not come up.
    """
    with step("Starting Podman's service") as shown:
        process: subprocess.Popen[bytes] | None = None
        user = [] if os.geteuid() == 0 else ["--user"]
        log = PODMAN_LOG
        if has_systemd():
            done = runner(["systemctl", *user, "enable", "--now", "podman.socket"], env=apt_environment())
            if done.returncode != 0:
                raise daemon_failed("", done)
        else:
            path = socket or PODMAN_SOCKET
            if user:
                runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
                path, log = socket or runtime / "podman/podman.sock", runtime / "homeroom-podman.log"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # left by a service that was killed; nothing answers on it
            process = detach(["podman", "system", "service", "--time=0", f"unix://{path}"], log)
        return wait_for_engine(socket, shown, process, log)


def detach(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a daemon that outlives us and our terminal, its words in `log`; those of the start before in `log`.1."""
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("wb") as words:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,
            cwd="/",
            env=apt_environment(),
        )


def wait_for_engine(
    socket: Path | None,
    shown: Step,
    process: subprocess.Popen[bytes] | None,
    log: Path,
    *,
    timeout_seconds: float = START_TIMEOUT_SECONDS,
) -> Engine:
    """Wait until the engine answers.

    :param process: the daemon, when it is a child of ours: then its death ends the waiting.
    :raises HomeroomError: it died, or the time is over.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            engine = find_engine(socket)
        except EngineMissing:
            if process is not None and process.poll() is not None:
                raise daemon_failed(log_reason(log), None) from None
            if time.monotonic() > deadline:
                raise daemon_failed(log_reason(log), None) from None
            time.sleep(0.2)
        else:
            shown.say(engine.title)
            return engine


def log_reason(log: Path) -> str:
    """What in a daemon's log tells why it failed."""
    try:
        return telling_lines(log.read_text(errors="replace"))
    except OSError:
        return ""


def systemd_log(unit: str, runner: Runner) -> str:
    """The same of a unit's journal."""
    return telling_lines(runner(["journalctl", "-u", unit, "-n", "40", "--no-pager", "-o", "cat"]).stdout)


def telling_lines(text: str) -> str:
    """The last lines that are no mere progress: a daemon's last word, unlike its first, is seldom the reason."""
    return "\n".join([line for line in text.splitlines() if not re.search(r"level=(info|warning)", line)][-4:])


def daemon_failed(reason: str, done: Completed | None) -> HomeroomError:
    said = tail(reason) or (tail(done.stderr) if done else [])
    return HomeroomError(
        f"the container engine was started and does not answer{':' if said else ''}{indented(said)}",
        remedy=f"Fix what it reports and run this again; the whole log: `journalctl -u docker`, or {DOCKERD_LOG}.",
    )
