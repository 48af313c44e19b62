"""Servers to which copies go: restic's own, and one for SFTP."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian_packages import provide
from tests.hub_deployment import engine, free_port

PATIENCE_SECONDS = 60


def address_here() -> str:
    """This machine as containers on any network reach it, and as it reaches itself."""
    (network,) = engine().networks.get("bridge").attrs["IPAM"]["Config"]
    return str(network["Gateway"])


@contextlib.contextmanager
def rest_server(directory: Path, host: str = "127.0.0.1") -> Iterator[int]:
    """restic's own server, as Debian 13 has it, of the folder `store` and only to add; unpacked and not installed.
    Yields its port."""
    download = ["apt-get", "download", "-q", "restic-rest-server/trixie"]
    if subprocess.run(download, cwd=directory).returncode:
        subprocess.run(["apt-get", "update", "-q"], check=True)
        if subprocess.run(download, cwd=directory).returncode:
            pytest.skip("apt knows no Debian 13, which has restic-rest-server")
    (package,) = directory.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", str(package), str(directory / "unpacked")], check=True)
    port = free_port()
    server = subprocess.Popen(
        [
            str(directory / "unpacked/usr/bin/restic-rest-server"),
            *("--path", str(directory / "store"), "--no-auth", "--append-only", "--listen", f"{host}:{port}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        with socket.socket() as probe:
            while probe.connect_ex((host, port)):
                assert time.monotonic() < deadline, "the server does not start"
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def sftp_server(directory: Path, port: int, host: str = "127.0.0.1") -> Iterator[Path]:
    """Debian's OpenSSH, for files alone, whose own key is in `host.pub`; yields the file with the keys that it lets
    in."""
    sshd = provide("sshd", "openssh-server")
    allowed = directory / "allowed"
    allowed.touch(mode=0o600)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / "host")], check=True)
    settings = directory / "sshd_config"
    settings.write_text(
        f"Port {port}\nListenAddress {host}\nHostKey {directory}/host\nAuthorizedKeysFile {allowed}\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
        "StrictModes no\nUsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n"
    )
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    server = subprocess.Popen([sshd, "-D", "-e", "-f", str(settings)], stderr=subprocess.DEVNULL)
    try:
        yield allowed
    finally:
        server.terminate()
        server.wait()
