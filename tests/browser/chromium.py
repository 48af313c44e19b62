"""Chromium for the tests: Debian's package, installed where it is missing, driven by playwright."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from tests.browser.still_network import still_network

CHROMIUM = Path("/usr/bin/chromium")
PACKAGES = ("chromium", "fonts-dejavu-core")
FLAGS = (
    "--no-sandbox",  # the tests run as root, where Chromium's own sandbox refuses to work
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have 64 MB of it
    "--disable-quic",
    "--no-first-run",
    "--host-resolver-rules=MAP *.test 127.0.0.1",  # where no proxy looks names up: see still_network
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoChromium(Exception):
    """There is no Chromium, and none can be installed here; the text says why."""


def install_chromium() -> None:
    """Install Chromium from this system's packages where it is missing.

    :raises NoChromium: this is not Debian, or not root.
    :raises AssertionError: apt-get failed.
    """
    if CHROMIUM.exists():
        return
    about = Path("/etc/os-release").read_text(encoding="utf-8") if Path("/etc/os-release").exists() else ""
    if "ID=debian" not in about.splitlines() or os.geteuid() != 0:
        raise NoChromium(f"{CHROMIUM} is missing; install Chromium, or run the tests as root on Debian")
    install = ["apt-get", "install", "-qy", "--no-install-recommends", *PACKAGES]
    if _apt(install).returncode == 0:
        return
    _apt(["apt-get", "update", "-q"])
    done = _apt(install)
    assert done.returncode == 0, f"{' '.join(install)} failed:\n{done.stdout}"


def _apt(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900
    )


@contextmanager
def running_chromium(trusted: str = "") -> Iterator[Browser]:
    """A running Chromium; as root, on a network that containers do not disturb.

    While it runs, playwright's event loop is the thread's: no other test may call `asyncio.run`.

    :param trusted: the digest of a server's key (`tests.certificates.key_digest`), whose certificate then is as good as
        any. Where faults of certificates are ignored instead, Chromium caches nothing.
    """
    with ExitStack() as stack:
        program, flags = CHROMIUM, list(FLAGS)
        if os.geteuid() == 0:
            namespace, port = stack.enter_context(still_network())
            flags += [f"--proxy-server=socks5://127.0.0.1:{port}", "--proxy-bypass-list=<-loopback>"]
            program = Path(stack.enter_context(TemporaryDirectory())) / "chromium"
            program.write_text(f'#!/bin/sh\nexec nsenter --net={namespace} {CHROMIUM} "$@"\n')
            program.chmod(0o700)
        if trusted:
            flags.append(f"--ignore-certificate-errors-spki-list={trusted}")
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        try:
            yield browser
        finally:
            browser.close()
