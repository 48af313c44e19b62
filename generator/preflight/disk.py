"""Disk: room for the images and homes, and a file system that suits an engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from generator.core.finding import Finding, error, in_units, ok, warning
from generator.preflight.engine_state import EngineState
from generator.preflight.subject import Subject

FIRST_BUILD_BYTES = 5 * 2**30
LATER_BYTES = 2**30
DIRECTORY_BYTES = 512 * 2**20
"""The Python environment and the rendered files."""
FIRST_BUILD_INODES = 200_000
LATER_INODES = 20_000
DIRECTORY_INODES = 10_000
LOW_SHARE = 0.15
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"})
_CONTAINERD_ROOT = Path("/var/lib/containerd")
_FUTURE_ROOT = Path("/var/lib")


@dataclass(frozen=True, kw_only=True)
class Filesystem:
    """The file system under one path. Some (btrfs) count no inodes: both are 0 there."""

    path: Path
    kind: str
    device: int
    free_bytes: int
    total_bytes: int
    free_inodes: int
    total_inodes: int


def parse_kind(mountinfo: str, path: Path) -> str:
    """The type of the file system that `path` is on, from the text of /proc/self/mountinfo; empty if unknown."""
    best, kind = "", ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = fields[4].replace("\\040", " ")
        if path.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, after.split()[0]
    return kind


def read_filesystem(path: Path) -> Filesystem | None:
    """Measure the file system under `path`; None where it cannot be seen from here (an engine in a virtual machine)."""
    try:
        numbers, device = os.statvfs(path), path.stat().st_dev
        kind = parse_kind(Path("/proc/self/mountinfo").read_text(), path.resolve())
    except OSError:
        return None
    return Filesystem(
        path=path,
        kind=kind,
        device=device,
        free_bytes=numbers.f_bavail * numbers.f_frsize,
        total_bytes=numbers.f_blocks * numbers.f_frsize,
        free_inodes=numbers.f_favail,
        total_inodes=numbers.f_files,
    )


def judge_filesystem(
    disk: Filesystem, *, use: str, least_bytes: int, least_inodes: int, remedy: str
) -> Iterator[Finding]:
    """Require room on one file system.

    :param use: what it is for, as in "the engine's storage".
    :param remedy: what gives room there.
    """
    free, total = in_units(disk.free_bytes), in_units(disk.total_bytes)
    if disk.free_bytes < least_bytes:
        yield error(
            "disk",
            f"{free} of {total} are free for {use}: {in_units(least_bytes)} are needed",
            location=str(disk.path),
            remedy=remedy,
        )
    elif disk.free_bytes < LOW_SHARE * disk.total_bytes:
        share = 100 * disk.free_bytes / disk.total_bytes
        yield warning(
            "disk", f"only {free} of {total} ({share:.0f} %) are free for {use}", location=str(disk.path), remedy=remedy
        )
    else:
        yield ok("disk", f"{free} of {total} free for {use} ({disk.path})")

    if disk.total_inodes and disk.free_inodes < least_inodes:
        yield error(
            "inodes",
            f"{disk.free_inodes} of {disk.total_inodes} inodes (files) are free for {use}: {least_inodes} are needed",
            location=str(disk.path),
            remedy=remedy,
        )
    elif disk.total_inodes and disk.free_inodes < LOW_SHARE * disk.total_inodes:
        share = 100 * disk.free_inodes / disk.total_inodes
        yield warning(
            "inodes",
            f"only {disk.free_inodes} of {disk.total_inodes} inodes (files, {share:.0f} %) are free for {use}",
            location=str(disk.path),
            remedy=remedy,
        )


def judge_storage(engine_state: EngineState, kind: str) -> Iterator[Finding]:
    """Warn of storage on which an engine is slow or unreliable."""
    if kind in NETWORK_FILE_SYSTEMS:
        yield warning(
            "storage",
            f"the engine stores images, homes and the hub's database on a network file system ({kind}): "
            "SQLite corrupts there",
            location=str(engine_state.root_directory),
            remedy='Move it to a local disk: `"data-root"` in /etc/docker/daemon.json, or `graphroot` '
            "in containers/storage.conf.",
        )
    if engine_state.storage_driver == "vfs":
        yield warning(
            "storage",
            "the engine uses the vfs storage driver, which copies the whole image for each lab",
            location=str(engine_state.root_directory),
            remedy='Use overlay2: `"storage-driver": "overlay2"` in /etc/docker/daemon.json, or `driver = "overlay"` '
            "in containers/storage.conf.",
        )


def check_disk(engine_state: EngineState | None, directory: Path) -> list[Finding]:
    """Read and judge the engine's storage and the deployment's directory; one file system is judged once.

    Without an engine, the place where one would store things is measured for a first build.
    """
    tool = engine_state.kind if engine_state else "docker"
    prune = (
        f"Find what takes space with `{tool} system df` and `du -xhd1 /var`, and free some with `{tool} image prune`"
        " (never with `volume prune`: homes are volumes)."
    )
    stores = [engine_state.root_directory] if engine_state else [_FUTURE_ROOT]
    if engine_state and engine_state.containerd_store:
        stores.append(_CONTAINERD_ROOT)
    built = engine_state is not None and engine_state.built
    found: list[Finding] = []
    devices = set()
    for store in stores:
        disk = read_filesystem(store)
        if disk is None:
            found.append(ok("disk", f"the engine's storage {store} cannot be seen from here: not checked"))
            continue
        if disk.device in devices:
            continue
        devices.add(disk.device)
        found += judge_filesystem(
            disk,
            use="the engine's storage",
            least_bytes=LATER_BYTES if built else FIRST_BUILD_BYTES,
            least_inodes=LATER_INODES if built else FIRST_BUILD_INODES,
            remedy=prune,
        )
        if engine_state:
            found += judge_storage(engine_state, disk.kind)
    here = read_filesystem(directory)
    if here is not None and here.device not in devices:
        found += judge_filesystem(
            here,
            use="the deployment's directory",
            least_bytes=DIRECTORY_BYTES,
            least_inodes=DIRECTORY_INODES,
            remedy=f"Delete what is not needed there: `du -xhd1 {quote(str(here.path))}` shows what takes it.",
        )
    return found


ORDER = 90


def check(subject: Subject) -> list[Finding]:
    """Whether there is room for images and homes."""
    return check_disk(subject.engine_state, subject.requirements.directory)
