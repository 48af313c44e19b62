"""The base image of all others, `debian:trixie-slim`: there already, or pulled, or built from Debian's packages.

Many universities reach a mirror of Debian and no image registry. What is built there is like the official slim image:
minbase, no manual pages, apt set to leave nothing behind; and it names Debian's own sources, not the host's mirror.
"""

from __future__ import annotations

import os
import queue
import re
import shlex
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import docker
import requests
from docker.errors import APIError, DockerException
from docker.utils import parse_repository_tag

from generator.core.console import Step, step
from generator.core.errors import HomeroomError
from generator.core.host_network import BASE_RELEASE, DEBIAN_KEYRING, AptSource, archive_lines
from generator.core.process import Runner, indented, require, run, tail
from generator.engine.apt import installed_as_debian, read_sources_as_root
from generator.engine.find import Engine, client
from generator.engine.install import install_packages

BASE_IMAGE = f"debian:{BASE_RELEASE}-slim"
FIRST_ANSWER_SECONDS = 10  # a registry that can be reached says something within this
SILENCE_SECONDS = 60  # a pull that has begun may be slow, but is never silent for so long

# What the official slim image sets for dpkg. Kept inside, so that later packages are slim and quickly there too.
SLIM = """\
# As in Debian's official slim images: no documentation, but the licences; and no waiting for the disk after each file,
# since a build that is cut off is thrown away as a whole.
force-unsafe-io
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/locale/*
path-include=/usr/share/locale/locale.alias
path-exclude=/usr/share/lintian/*
"""
LEAN_APT = """\
// As in Debian's official images: apt leaves no caches behind.
APT::Keep-Downloaded-Packages "false";
APT::AutoRemove::SuggestsImportant "false";
Acquire::GzipIndexes "true";
Acquire::Languages "none";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
"""
# In the new tree ($1), last. The sources are those that Debian's apt package brings as its example.
FINISH = """\
set -e
rm -f "$1/etc/apt/sources.list" "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/99mmdebstrap
sed -e '/^#/d' -e 's/^Components:.*/Components: main/' "$2/example.sources" > "$1/etc/apt/sources.list.d/debian.sources"
cp "$2/slim" "$1/etc/dpkg/dpkg.cfg.d/docker"
cp "$2/lean" "$1/etc/apt/apt.conf.d/docker-clean"
rm -f "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap "$1/etc/hostname" "$1/etc/resolv.conf" "$1"/etc/ssh/ssh_host_*
rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/var/cache/debconf/*-old "$1"/var/lib/dpkg/*-old
rm -rf "$1"/usr/share/doc/apt/examples
find "$1/var/log" "$1/var/cache/ldconfig" -type f -delete
"""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class PullFailed(Exception):
    """No registry gave the image; the message says why."""


def ensure_base_image(engine: Engine, *, runner: Runner = run) -> str:
    """See that `debian:trixie-slim` is in the engine, and return its image id.

    There already: nothing is done and nothing on the network asked. Else it is pulled, else built.

    :raises HomeroomError: neither can be done; the remedy names what would help.
    """
    speaking = client(engine)
    try:
        if found := image_id(speaking, BASE_IMAGE):
            return found
        with step(f"Getting the base image {BASE_IMAGE}") as shown:
            try:
                pull(speaking, BASE_IMAGE, shown)
            except PullFailed as reason:
                shown.say("no registry answers")
                unreachable = str(reason)
            else:
                return require_image(speaking)
        build_base_image(speaking, unreachable, runner=runner)
        return require_image(speaking)
    finally:
        speaking.close()


def image_id(speaking: docker.DockerClient, name: str) -> str:
    """The id of a local image, or the empty string: it is not there, or no image can have such a name."""
    try:
        return str(speaking.images.get(name).id)
    except APIError as error:
        if error.status_code in (400, 404):
            return ""
        raise


def require_image(speaking: docker.DockerClient) -> str:
    found = image_id(speaking, BASE_IMAGE)
    if not found:
        raise HomeroomError(
            f"the engine took {BASE_IMAGE} in, and does not find it by that name",
            remedy="See `docker image ls` (or `podman image ls`), tag it so by hand, and report this.",
        )
    return found


def pull(
    speaking: docker.DockerClient,
    name: str,
    shown: Step,
    *,
    first_answer_seconds: float = FIRST_ANSWER_SECONDS,
    silence_seconds: float = SILENCE_SECONDS,
) -> None:
    """Pull an image for as long as it makes progress.

    :raises PullFailed: an error, no first answer in time, or a silence in the middle.
    """
    repository, tag = parse_repository_tag(name)
    messages: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def read() -> None:
        try:
            stream = speaking.api.pull(repository, tag=tag or "latest", stream=True, decode=True)
            for message in cast(Iterator[dict[str, Any]], stream):
                messages.put(message)
        except (DockerException, requests.RequestException, OSError, ValueError) as error:
            messages.put({"error": str(error)})
        messages.put(None)

    # The engine answers a pull only once the registry has answered it, so the waiting is done beside the call.
    threading.Thread(target=read, daemon=True).start()
    patience, last = first_answer_seconds, time.monotonic()
    while True:
        try:
            message = messages.get(timeout=0.2)
        except queue.Empty:
            if patience < silence_seconds:
                shown.say(f"asking the registry, {time.monotonic() - last:.0f} s")
            if time.monotonic() - last > patience:
                raise PullFailed(f"no answer of the registry in {patience:.0f} s") from None
            continue
        if message is None:
            return
        if "error" in message:
            raise PullFailed(str(message["error"]))
        if message.get("progress") or message.get("id"):
            shown.say(f"{message.get('status', '')} {message.get('progress', '')}")
            patience = silence_seconds
        last = time.monotonic()


def build_base_image(speaking: docker.DockerClient, unreachable: str, *, runner: Runner = run) -> None:
    """Build the image with mmdebstrap and import it under its name, which is taken by no other image.

    :param unreachable: why it could not be pulled, for the error.
    :raises HomeroomError: not root, not a Debian-family system, or mmdebstrap failed.
    """
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise HomeroomError(
            f"the base image {BASE_IMAGE} can neither be pulled ({first_line(unreachable)}) "
            "nor, other than as root on a Debian-family system, be built",
            remedy="Run `make up` as root once, or let the engine reach a registry (for a proxy see "
            f"docs.docker.com/engine/daemon/proxy), or load it by hand: `docker load` of a saved {BASE_IMAGE}.",
        )
    needed = [name for name in ("mmdebstrap", "debian-archive-keyring") if not installed_as_debian(name, runner=runner)]
    if needed:
        install_packages(needed, f"Installing {' and '.join(needed)}", runner=runner)
    sources = [source for source in read_sources_as_root(runner=runner) if not source.uri.startswith("mirror+")]
    with (
        step(f"Building {BASE_IMAGE} from Debian's packages") as shown,
        # Not /tmp, which may lie in memory: the tree takes 300 MB for a moment.
        tempfile.TemporaryDirectory(prefix="homeroom-base-", dir="/var/tmp") as directory,
    ):
        place = Path(directory)
        make_tree(place, sources, shown, runner=runner)
        shown.say("importing it")
        import_tree(speaking, place / "tree.tar")
        shown.say("")


def first_line(text: str) -> str:
    return text.splitlines()[0][:200] if text.strip() else "no reason given"


def mmdebstrap_command(place: Path, lines: list[str]) -> list[str]:
    """The call that makes `place/tree.tar`; without lines of a mirror it takes Debian's default one."""
    excluding = [f"--dpkgopt={line}" for line in SLIM.splitlines() if not line.startswith("#")]
    examples = "/usr/share/doc/apt/examples/debian.sources"
    return [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--include=ca-certificates",
        *excluding,
        f"--dpkgopt=path-include={examples}",
        f'--customize-hook=cp "$1"{examples} {shlex.quote(str(place))}/example.sources',
        f'--customize-hook=sh {shlex.quote(str(place / "finish"))} "$1" {shlex.quote(str(place))}',
        BASE_RELEASE,
        str(place / "tree.tar"),
        *lines,
    ]


def make_tree(place: Path, sources: list[AptSource], shown: Step, *, runner: Runner = run) -> None:
    """Make `place/tree.tar`, from the host's mirrors where it is Debian."""
    (place / "slim").write_text(SLIM)
    (place / "lean").write_text(LEAN_APT)
    (place / "finish").write_text(FINISH)
    keys = {source.signed_by for source in sources if source.signed_by.startswith("/")} or {f"{DEBIAN_KEYRING}.gpg"}
    options = f"[signed-by={','.join(sorted(keys))}] " if sources else ""
    archive = any(not source.security for source in sources)
    lines = archive_lines(sources, options=options) if archive else []

    def show(line: str) -> None:
        if line.startswith("I: "):
            shown.say(line.removeprefix("I: ").split(" /")[0])

    midnight = int(time.time()) // 86400 * 86400  # files' times are cut to it, so two builds of a day are alike
    done = runner(
        mmdebstrap_command(place, lines),
        env=os.environ | {"SOURCE_DATE_EPOCH": str(midnight), "LC_ALL": "C.UTF-8", "TMPDIR": str(place)},
        on_line=show,
    )
    if done.returncode != 0:
        wrong = [line for line in done.stderr.splitlines() if line.startswith(("E:", "W:"))]
        done = done if not wrong else type(done)(done.command, done.returncode, "", "\n".join(wrong))
    require(
        done,
        what=f"building {BASE_IMAGE} with mmdebstrap",
        remedy="Its mirror is the one of this machine's apt sources: see that it carries Debian 13 (trixie).",
    )


def import_tree(speaking: docker.DockerClient, tar: Path) -> None:
    """Import the tree as the base image, with the date it was built on as its label `homeroom.base`."""
    repository, _, tag = BASE_IMAGE.partition(":")
    changes = ['CMD ["bash"]', f"ENV PATH={PATH}", f"LABEL homeroom.base={datetime.now(UTC).date().isoformat()}"]
    try:
        # Without a name first: Podman ignores the tag of an import, and would take `debian:latest` for it.
        said = str(speaking.api.import_image(src=str(tar), changes=changes))
        ids = re.findall(r'"status": ?"(?:sha256:)?([0-9a-f]{64})', said)
        if ids:
            speaking.api.tag(ids[-1], repository, tag=tag)
            return
    except (DockerException, requests.RequestException) as error:
        said = str(error)
    raise HomeroomError(
        f"the engine did not take the base image in:{indented(tail(said))}",
        remedy="See whether its disk is full (`docker system df`), and its log.",
    )
