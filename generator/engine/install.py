"""Installing and starting a container engine: Docker from the distribution's packages, or the Podman that is there.

As root on Debian 12, Debian 13 and Ubuntu 24.04 or later. Debian 12's own Docker and Compose are too old, so there they
come from Debian 13, out of the host's own mirror, pinned so that no other package's candidate changes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.core.console import Step, note, out, step
from generator.core.errors import HomeroomError
from generator.core.host_network import DEBIAN_KEYRING, AptSource, own_sources, read_apt_sources
from generator.core.process import Completed, Runner, indented, run, tail
from generator.engine.find import (
    MINIMUM_ENGINE,
    ComposeMissing,
    Engine,
    EngineMissing,
    EngineStopped,
    buildx_works,
    compose_command,
    find_engine,
    version_tuple,
)

InstallPolicy = Literal["ask", "always", "never"]
Part = Literal["engine", "compose", "buildx"]

RELEASE = "trixie"
SOURCE_FILE = Path("/etc/apt/sources.list.d/homeroom-trixie.sources")
PIN_FILE = Path("/etc/apt/preferences.d/homeroom-trixie.pref")
DOCKERD_PID = Path("/var/run/docker.pid")
CONTAINERD_PID = Path("/var/run/docker/containerd/containerd.pid")
DOCKERD_LOG = Path("/var/log/homeroom-dockerd.log")
PODMAN_LOG = Path("/var/log/homeroom-podman.log")
PODMAN_SOCKET = Path("/run/podman/podman.sock")
START_TIMEOUT_SECONDS = 60
LOCK_TIMEOUT_SECONDS = 120
LISTS_FRESH_SECONDS = 24 * 3600

# What gives each part, by family. Nobody asks for runc of trixie: it needs a newer libc than Debian 12 has.
PACKAGES: Mapping[str, Mapping[Part, tuple[str, ...]]] = {
    "debian": {
        "engine": ("docker.io", "docker-cli", "iptables"),
        "compose": ("docker-compose",),
        "buildx": ("docker-buildx",),
    },
    "ubuntu": {"engine": ("docker.io",), "compose": ("docker-compose-v2",), "buildx": ("docker-buildx",)},
}
FROM_TRIXIE = ("docker.io", "docker-cli", "docker-compose", "docker-buildx", "containerd")

APT = (
    "apt-get",
    "-q",
    "-y",
    "-o",
    f"DPkg::Lock::Timeout={LOCK_TIMEOUT_SECONDS}",
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
)
SOURCE_ONLY = (
    "-o",
    f"Dir::Etc::sourcelist={SOURCE_FILE}",
    "-o",
    "Dir::Etc::sourceparts=-",
    "-o",
    "APT::Get::List-Cleanup=0",
)


class InstallRefused(HomeroomError):
    """The engine is missing and INSTALL_ENGINE or the operator's answer forbids installing it."""


@dataclass(frozen=True)
class InstallPlan:
    """What will be installed and from where; nothing has happened yet.

    :param packages: as apt-get takes them (`docker.io/trixie`).
    :param origin: where they come from, in words.
    :param source: the apt source file to write, or empty.
    :param pin: the apt preferences file to write, or empty.
    """

    packages: tuple[str, ...]
    origin: str
    source: str = ""
    pin: str = ""

    def say(self) -> str:
        """The plan in one sentence."""
        names = ", ".join(package.partition("/")[0] for package in self.packages)
        return f"{names} from {self.origin}"

    def commands(self) -> list[str]:
        """The same by hand, for an operator who would rather do it."""
        files = [(SOURCE_FILE, self.source), (PIN_FILE, self.pin)]
        return [
            *(f"printf '%s' {shell_quoted(text)} > {path}" for path, text in files if text),
            "apt-get update",
            f"apt-get install --no-install-recommends {' '.join(self.packages)}",
        ]


def shell_quoted(text: str) -> str:
    """Text as one word of a shell line, newlines as bash's $'...' writes them."""
    return "$'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def read_os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The fields of os-release; empty where there is none."""
    try:
        text = path.read_text()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def plan_install(
    os_release: Mapping[str, str],
    sources: Sequence[AptSource] = (),
    *,
    missing: Collection[Part] = ("engine", "compose", "buildx"),
) -> InstallPlan:
    """Say what to install for the missing parts. Decides only.

    :param sources: Debian's repositories among the host's apt sources; Debian 12 needs one of the archive.
    :raises HomeroomError: a system that Homeroom installs nothing on, or no mirror to take Debian 13's packages from.
    """
    families = [os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()]
    system = os_release.get("PRETTY_NAME") or os_release.get("ID") or "this system"
    by_hand = "Install Docker >= 24.0 with Compose v2 and buildx (or Podman >= 4.3 with Compose v2) and run this again."
    if "ubuntu" in families:
        family = "ubuntu"
    elif "debian" in families:
        family = "debian"
    else:
        raise HomeroomError(f"Homeroom installs an engine on Debian and Ubuntu only, not on {system}", remedy=by_hand)
    parts: tuple[Part, ...] = ("engine", "compose", "buildx")
    names = tuple(name for part in parts if part in missing for name in PACKAGES[family][part])
    codename = os_release.get("UBUNTU_CODENAME") or os_release.get("DEBIAN_CODENAME")
    codename = codename or os_release.get("VERSION_CODENAME", "")
    if family == "ubuntu":
        if os_release.get("ID") == "ubuntu" and version_tuple(os_release.get("VERSION_ID", "")) < (24, 4):
            raise HomeroomError(f"the packages of {system} are too old; Ubuntu 24.04 is the first", remedy=by_hand)
        return InstallPlan(names, origin=f"Ubuntu's packages ({codename})")
    if codename == "bookworm":
        return plan_from_trixie(names, sources, remedy=by_hand)
    if codename in ("buster", "bullseye") or version_tuple(os_release.get("VERSION_ID", "")) == (11,):
        raise HomeroomError(f"the packages of {system} are too old; Debian 12 is the first", remedy=by_hand)
    return InstallPlan(names, origin=f"Debian's packages ({codename or 'of this release'})")


def plan_from_trixie(names: Sequence[str], sources: Sequence[AptSource], *, remedy: str) -> InstallPlan:
    """Debian 12: the packages of Debian 13 that run on it, the mirror taken from the host's own apt sources.

    A trixie source of the operator's own is used as it is, and left alone with its pins.
    """
    names = [*names, *(["containerd"] if "docker.io" in names else [])]
    packages = tuple(f"{name}/{RELEASE}" if name in FROM_TRIXIE else name for name in names)
    archive = [source for source in sources if not source.security]
    if any(source.codename == RELEASE and source.file != str(SOURCE_FILE) for source in archive):
        return InstallPlan(packages, origin="Debian 13's packages, by the apt source for it that is already here")
    mirrors = [source for source in own_sources(archive, "bookworm") if source.codename == "bookworm"]
    if not mirrors:
        raise HomeroomError(
            "no mirror of the Debian archive is among this machine's apt sources, to take Docker from",
            place="/etc/apt/sources.list.d",
            remedy=f"Add one (suite bookworm, component main), run `apt-get update`, and try again. Or: {remedy}",
        )
    uris = list(dict.fromkeys(source.uri for source in mirrors))
    # A key for this mirror is the host's own matter; where the entry names none, apt's usual keyrings hold it.
    signed_by = mirrors[0].signed_by or f"{DEBIAN_KEYRING}.gpg"
    source = (
        "# Made by Homeroom: Docker and Compose of Debian 13, for Debian 12 (see preferences.d).\n"
        f"Types: deb\nURIs: {' '.join(uris)}\nSuites: {RELEASE}\nComponents: main\nSigned-By: {signed_by}\n"
    )
    # Any priority above 0 makes a candidate of a package that Debian 12 lacks or that was installed by hand, hence -1.
    pin = (
        "# Made by Homeroom: of Debian 13 only what the container engine needs; nothing else of it is ever chosen.\n"
        f"Package: *\nPin: release n={RELEASE}\nPin-Priority: -1\n\n"
        f"Package: {' '.join(FROM_TRIXIE)}\nPin: release n={RELEASE}\nPin-Priority: 100\n"
    )
    return InstallPlan(packages, origin=f"Debian 13's packages at {' '.join(uris)}", source=source, pin=pin)


def refusal(policy: InstallPolicy) -> str:
    """Why nothing may be installed."""
    missing = "a usable container engine with Compose v2 is missing"
    return f"{missing}, and " + (
        "INSTALL_ENGINE=never forbids installing it" if policy == "never" else "only root can install it"
    )


def allow_install(plan: InstallPlan, policy: InstallPolicy, ask: Callable[[str], bool] | None) -> None:
    """Return when the plan may be carried out; without a terminal `ask` counts as yes, and the plan is said.

    :raises InstallRefused: otherwise, with the commands to do it by hand.
    """
    by_hand = "Do it yourself, as root:" + indented(plan.commands())
    if policy == "never" or os.geteuid() != 0:
        raise InstallRefused(refusal(policy), remedy=by_hand)
    if policy == "ask" and ask is not None:
        if not ask(f"No usable container engine here. Install {plan.say()}?"):
            raise InstallRefused("the container engine was not installed", remedy=by_hand)
    else:
        note(f"Installing {plan.say()}.")


def terminal_question() -> Callable[[str], bool] | None:
    """How to ask the operator yes or no; None without a terminal."""
    if not (sys.stdin.isatty() and out.is_terminal):
        return None
    return lambda question: out.input(f"{question} [Y/n] ").strip().lower() in ("", "y", "yes")


def apt_environment() -> dict[str, str]:
    """English without questions, with the directories in PATH that a plain `su` leaves out."""
    path = os.environ.get("PATH", "")
    return os.environ | {
        "DEBIAN_FRONTEND": "noninteractive",
        "NEEDRESTART_SUSPEND": "1",
        "LC_ALL": "C.UTF-8",
        "PATH": f"{path}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
    }


def summarise(line: str, shown: Step) -> None:
    """Show the lines of apt that tell how far it is; the rest stays unsaid."""
    words = line.split()
    if line.startswith("Get:") and len(words) > 4:
        # A package's name, or of a list its kind: its size comes where a package has its name.
        shown.say(f"fetching {words[3] if words[4].startswith('[') else words[4]}")
    elif line.startswith("Unpacking "):
        shown.say(f"unpacking {words[1]}")
    elif line.startswith("Setting up "):
        shown.say(f"setting up {words[2]}")
    elif "Waiting for cache lock" in line:
        shown.say("waiting for another package manager to end")


def run_apt(words: Sequence[str], shown: Step, *, runner: Runner = run) -> Completed:
    """Run apt-get, waiting for other package managers.

    :raises HomeroomError: it failed; the cause holds its E: lines.
    """
    began = time.monotonic()
    while True:
        done = runner([*APT, *words], env=apt_environment(), on_line=lambda line: summarise(line, shown))
        # The lists' lock, unlike dpkg's, is not waited for by apt itself.
        locked = "Could not get lock" in done.stderr and "update" in words
        if not locked or time.monotonic() - began > LOCK_TIMEOUT_SECONDS:
            break
        shown.say("waiting for another package manager to end")
        time.sleep(2)
    # A source that failed leaves `update` with a success and a warning: that shows when its package is asked for.
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("E:")] or tail(done.stderr)
        verb = next(word for word in words if word in ("update", "install"))
        raise HomeroomError(
            f"`apt-get {verb}` failed:{indented(said[-6:])}",
            remedy=f"Mend what it says (`apt-get {verb}` by hand shows all of it), then run this again.",
        )
    return done


def lists_are_fresh(directory: Path = Path("/var/lib/apt/lists")) -> bool:
    """Whether apt fetched its package lists within the last day."""
    times = [path.stat().st_mtime for path in directory.glob("*_Packages*")]
    partial = directory / "partial"
    times_fetched = [path.stat().st_mtime for path in (directory, partial) if path.is_dir()]
    return bool(times) and time.time() - max([*times_fetched, 0.0]) < LISTS_FRESH_SECONDS


def mend_dpkg(shown: Step, *, runner: Runner = run) -> None:
    """Finish what an interrupted installation left half done, as dpkg asks for.

    :raises HomeroomError: dpkg cannot finish it.
    """
    if not runner(["dpkg", "--audit"], env=apt_environment()).stdout.strip():
        return
    shown.say("finishing an interrupted installation")
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:  # the interrupted run's own dpkg may still be at work
        done = runner(["dpkg", "--configure", "-a", "--force-confdef", "--force-confold"], env=apt_environment())
        if done.returncode == 0 or "lock" not in done.stderr or time.monotonic() > deadline:
            break
        time.sleep(1)
    # Packages that wait for a missing dependency fail here, and are mended by the installation itself.
    if done.returncode != 0 and "dependency problems" not in done.stderr:
        raise HomeroomError(
            f"an interrupted installation could not be finished:{indented(tail(done.stderr))}",
            remedy="Run `dpkg --configure -a` and mend what it names.",
        )


def write_if_changed(path: Path, text: str) -> bool:
    """Write a file of ours in one move, and say whether it was new or different."""
    if path.is_file() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text)
    beside.chmod(0o644)
    beside.replace(path)
    return True


def install_packages(names: Sequence[str], title: str, *, runner: Runner = run) -> None:
    """Install packages of the host's own release, as root, under one step; the lists are fetched where they are old.

    :raises HomeroomError: apt failed.
    """
    carry_out(InstallPlan(tuple(names), origin=""), title, runner=runner)


def carry_out(plan: InstallPlan, title: str = "Installing the container engine", *, runner: Runner = run) -> None:
    """Do what the plan says. Safe to repeat and to interrupt.

    :raises HomeroomError: apt failed, with its E: lines.
    """
    with step(title) as shown:
        mend_dpkg(shown, runner=runner)
        # The pin goes first: interrupted in between, a source without its pin would offer all of trixie.
        if plan.pin:
            write_if_changed(PIN_FILE, plan.pin)
        fresh = lists_are_fresh()
        if not fresh:
            shown.say("fetching the package lists")
            run_apt(["update"], shown, runner=runner)
        if plan.source:
            write_if_changed(SOURCE_FILE, plan.source)
            shown.say("fetching Debian 13's package list")
            run_apt([*SOURCE_ONLY, "update"], shown, runner=runner)
        install = ["install", "--no-install-recommends", *plan.packages]
        try:
            run_apt(install, shown, runner=runner)
        except HomeroomError:
            if not fresh:
                raise
            # Lists of this morning may name versions that the mirror has replaced since.
            run_apt(["update"], shown, runner=runner)
            run_apt(install, shown, runner=runner)
        shown.say("")


def read_sources_as_root(*, runner: Runner = run) -> list[AptSource]:
    """Debian's repositories among apt's sources; where apt has never fetched its lists, root has them fetched."""
    found = read_apt_sources(runner)
    if not found and os.geteuid() == 0 and shutil.which("apt-get") and not lists_are_fresh():
        with step("Fetching the package lists") as shown:
            run_apt(["update"], shown, runner=runner)
            shown.say("")
        found = read_apt_sources(runner)
    return found


def installed_as_debian(name: str, *, runner: Runner = run) -> bool:
    """Whether dpkg has a package fully installed."""
    done = runner(["dpkg-query", "--show", "--showformat=${db:Status-Abbrev}", name])
    return done.returncode == 0 and done.stdout.startswith("ii")


def installed_podman(*, runner: Runner = run) -> bool:
    """Whether a new enough Podman is installed."""
    if not shutil.which("podman"):
        return False
    done = runner(["podman", "--version"])
    return version_tuple(done.stdout.split()[-1] if done.stdout.split() else "") >= MINIMUM_ENGINE["podman"]


def installed_dockerd() -> bool:
    """Whether a Docker daemon is installed, also where /usr/sbin is not in PATH."""
    return shutil.which("dockerd", path=apt_environment()["PATH"]) is not None


def missing_parts(engine: Engine, *, runner: Runner = run) -> list[Part]:
    """What lacks around an engine that answers: Compose v2, and with Docker the client's buildx plugin."""
    lacking: list[Part] = []
    try:
        compose_command(engine, runner=runner)
    except ComposeMissing:
        lacking.append("compose")
    if engine.kind == "docker" and not buildx_works(engine, runner=runner):
        lacking.append("buildx")
    return lacking


def install_engine(
    socket: Path | None,
    policy: InstallPolicy,
    *,
    missing: Collection[Part] = ("engine", "compose", "buildx"),
    ask: Callable[[str], bool] | None = None,
    runner: Runner = run,
) -> Engine:
    """Install what is missing, start the engine and return it.

    :param ask: puts a yes-or-no question to the operator; None where there is no terminal.
    :raises InstallRefused: the setting, the operator or a lack of rights forbids it.
    :raises HomeroomError: apt failed, the daemon does not start, or this system is not one that we install on.
    """
    allowed = policy != "never" and os.geteuid() == 0
    sources = read_sources_as_root(runner=runner) if allowed else read_apt_sources(runner)
    try:
        plan = plan_install(read_os_release(), sources, missing=missing)
    except HomeroomError as unplanned:
        if allowed:
            raise
        # Not knowing how is no reason to hide that it would not be allowed.
        raise InstallRefused(refusal(policy), remedy=unplanned.remedy) from unplanned
    allow_install(plan, policy, ask)
    carry_out(plan, runner=runner)
    return start_engine(socket, runner=runner) if "engine" in missing else find_engine(socket)


def provide_engine(
    socket: Path | None,
    policy: InstallPolicy,
    *,
    ask: Callable[[str], bool] | None = None,
    runner: Runner = run,
) -> Engine:
    """The engine, with Compose and buildx: found, else started, else installed; changes nothing when all is there.

    :param ask: as `terminal_question` gives it.
    :raises HomeroomError: there is none to be had, each with what to do.
    """
    try:
        engine = find_engine(socket)
    except EngineMissing as problem:
        if installed_dockerd():
            if os.geteuid() != 0:
                raise EngineStopped(
                    "Docker is installed and not running, and only root can start it",
                    place=problem.place,
                    remedy="`sudo systemctl start docker` (or `sudo service docker start`).",
                ) from None
            engine = start_engine(socket, runner=runner)
        elif installed_podman(runner=runner):
            engine = start_podman(socket, runner=runner)
        else:
            engine = install_engine(socket, policy, ask=ask, runner=runner)
    if lacking := missing_parts(engine, runner=runner):
        engine = install_engine(socket, policy, missing=lacking, ask=ask, runner=runner)
        if lacking := missing_parts(engine, runner=runner):
            raise HomeroomError(
                f"{' and '.join(lacking)} is installed and does not work",
                remedy="See what `docker compose version` and `docker buildx version` say; a package with "
                "files missing is mended by `apt-get install --reinstall`.",
            )
    return engine


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
            path.unlink(missing_ok=True)  # left by a service that was killed; nobody answers on it
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
        remedy=f"Mend what it says and run this again; the whole log: `journalctl -u docker`, or {DOCKERD_LOG}.",
    )
