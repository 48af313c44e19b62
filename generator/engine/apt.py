"""Debian's packages on this machine: apt, watched and explained."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from generator.core.console import Step, step
from generator.core.errors import HomeroomError
from generator.core.host_network import AptSource, read_apt_sources
from generator.core.process import Completed, Runner, indented, run, tail
from generator.engine.install_plan import SOURCE_FILE

LOCK_TIMEOUT_SECONDS = 120
LISTS_FRESH_SECONDS = 24 * 3600
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
            remedy=f"Fix what it reports (`apt-get {verb}` by hand shows all of it), then run this again.",
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
    # Packages that wait for a missing dependency fail here, and are fixed by the installation itself.
    if done.returncode != 0 and "dependency problems" not in done.stderr:
        raise HomeroomError(
            f"an interrupted installation could not be finished:{indented(tail(done.stderr))}",
            remedy="Run `dpkg --configure -a` and fix what it reports.",
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
