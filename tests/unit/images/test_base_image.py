"""generator/images/base.py: when the base image is pulled, when it is built, and that no host's mirror gets in."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.console import Step
from generator.core.errors import HomeroomError
from generator.images import base as subject
from generator.images.base import PullFailed


def engine_with(**calls: Any) -> Any:
    """A client whose low-level calls are these."""
    return SimpleNamespace(api=SimpleNamespace(**calls))


def registry(messages: Iterator[dict[str, Any]]) -> Any:
    """A client whose registry says these."""
    return engine_with(pull=lambda *_args, **_options: messages)


def test_a_silent_registry_is_given_up_soon() -> None:
    """Where nothing answers the pull ends after the first-answer time, not after the engine's own minutes."""
    silence = threading.Event()

    def silent() -> Iterator[dict[str, Any]]:
        silence.wait(20)
        yield {"status": "late"}

    with pytest.raises(PullFailed, match="no answer"):
        subject.pull(registry(silent()), "debian:x", Step("x"), first_answer_seconds=0.3, silence_seconds=5)
    silence.set()


def test_a_slow_pull_that_moves_goes_on() -> None:
    """Once layers move, pauses longer than the first-answer time do not end the pull."""
    pause = threading.Event()

    def slow() -> Iterator[dict[str, Any]]:
        for part in range(3):
            yield {"id": "layer", "status": "Downloading", "progress": f"{part}/3"}
            pause.wait(0.6 if part == 1 else 0)

    shown = Step("x")
    subject.pull(registry(slow()), "debian:x", shown, first_answer_seconds=0.3, silence_seconds=5)
    assert "2/3" in shown.detail


def test_a_registrys_error_ends_the_pull() -> None:
    """An error in the stream is a failed pull with its words, so that the image is built instead."""
    with pytest.raises(PullFailed, match="certificate"):
        subject.pull(registry(iter([{"error": "x509: unknown certificate"}])), "debian:x", Step("x"))


def test_who_is_not_root_is_told_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a registry and without root there is a clear refusal, and no package manager is run."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(HomeroomError, match="neither be pulled") as caught:
        subject.build_base_image(engine_with(), "x509: unknown authority\nmore")
    assert "as root" in caught.value.remedy
    assert "x509" in caught.value.cause


def test_the_finished_tree_names_debians_own_sources_only(tmp_path: Path) -> None:
    """After the last hook nothing of the host's mirror is left in the tree, and no lists, logs or caches."""
    tree, location = tmp_path / "tree", tmp_path / "location"
    for name in ("apt/sources.list.d", "apt/apt.conf.d", "dpkg/dpkg.cfg.d"):
        (tree / "etc" / name).mkdir(parents=True)
    for name in ("var/log/apt", "var/cache/ldconfig", "var/cache/apt", "var/lib/apt/lists", "var/cache/debconf"):
        (tree / name).mkdir(parents=True)
    location.mkdir()
    for name in ("etc/apt/sources.list", "etc/apt/sources.list.d/0000.list", "etc/apt/apt.conf.d/99mmdebstrap"):
        (tree / name).write_text("deb http://mirror.example/debian trixie main\n")
    (tree / "etc/resolv.conf").write_text("nameserver 10.0.0.1\n")
    for name in ("var/log/apt/term.log", "var/lib/apt/lists/mirror.example_Packages"):
        (tree / name).write_text("mirror.example\n")
    (location / "example.sources").write_text(
        "# Modernised\nTypes: deb\nURIs: http://archive\nComponents: main contrib\n"
    )
    (location / "slim").write_text(subject.SLIM)
    (location / "lean").write_text(subject.LEAN_APT)
    subprocess.run(["sh", "-c", subject.FINISH, "finish", str(tree), str(location)], check=True)
    left = [path for path in tree.rglob("*") if path.is_file()]
    assert not [path for path in left if "mirror.example" in path.read_text()]
    assert not (tree / "etc/resolv.conf").exists()
    sources = (tree / "etc/apt/sources.list.d/debian.sources").read_text()
    assert sources == "Types: deb\nURIs: http://archive\nComponents: main\n"
    assert "force-unsafe-io" in (tree / "etc/dpkg/dpkg.cfg.d/docker").read_text().split()


def test_an_import_never_names_what_was_there(tmp_path: Path) -> None:
    """The imported image is named by its id afterwards: Podman would otherwise overwrite `debian:latest`."""
    calls: list[tuple[Any, ...]] = []
    number = "ab" * 32

    def take(**options: Any) -> str:
        calls.append(("import", options.get("repository"), options.get("tag")))
        return f'{{"status":"sha256:{number}"}}\r\n'

    engine = engine_with(import_image=take, tag=lambda *words, **options: calls.append((*words, options["tag"])))
    subject.import_tree(engine, tmp_path / "tree.tar")
    assert calls == [("import", None, None), (number, "debian", "trixie-slim")]


def test_an_import_that_fails_shows_the_engines_words(tmp_path: Path) -> None:
    """Where the engine cannot import the base image, its own reason, such as a full disk, is shown."""
    engine = engine_with(import_image=lambda **_options: '{"error":"no space left on device"}')
    with pytest.raises(HomeroomError, match="no space left"):
        subject.import_tree(engine, tmp_path / "tree.tar")
