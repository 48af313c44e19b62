"""Building the deployment's images: which are out of date, side by side, with one line of progress each."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from docker.errors import ImageNotFound

from generator.core import console
from generator.core.errors import HomeroomError, raise_all
from generator.core.host_network import describe_network, handed_over, read_host_network
from generator.core.process import Runner, run
from generator.engine.find import Engine, client
from generator.images import packages as freshness
from generator.images.base import ensure_base_image
from generator.images.board import DONE, ENDED, FAILED, board
from generator.images.builder import LOGS, build_image, require_podmans_owner
from generator.images.context import context_digest
from generator.images.spec import CONTEXT_LABEL, BuildSpec, BuiltImage

BUILDS_AT_ONCE = 3
"""A build waits for the network for most of its time, also on two CPUs."""


def labels_of(engine: Engine, specs: Sequence[BuildSpec]) -> dict[str, Mapping[str, str]]:
    """The labels of the images that are there, by the images' names."""
    speaking = client(engine)
    try:
        found: dict[str, Mapping[str, str]] = {}
        for spec in specs:
            with suppress(ImageNotFound):
                found[spec.name] = speaking.images.get(spec.tag).labels or {}
        return found
    finally:
        speaking.close()


def outdated(engine: Engine, specs: Sequence[BuildSpec]) -> dict[str, str]:
    """The digests of the images that are missing or were built from something else, by the images' names."""
    there = labels_of(engine, specs)
    digests = {spec.name: context_digest(spec) for spec in specs}
    return {name: digest for name, digest in digests.items() if there.get(name, {}).get(CONTEXT_LABEL) != digest}


def ensure_images(
    engine: Engine,
    specs: Sequence[BuildSpec],
    *,
    rebuild: bool = False,
    packages: str = "",
    logs: Path = LOGS,
    runner: Runner = run,
) -> list[BuiltImage]:
    """See that every image is there and up to date; what is up to date costs milliseconds. Where one is built, the base
    image is had first, and its packages are this week's at least.

    :param rebuild: build all of them, also those that are up to date (the engine's layer cache still serves).
    :param packages: a moment: build all of them, with packages as they are then.
    :raises HomeroomError: one failed; no image of a build that failed, or was ended with it, is replaced.
    """
    everything = rebuild or bool(packages)
    digests = {spec.name: context_digest(spec) for spec in specs} if everything else outdated(engine, specs)
    todo = [spec for spec in specs if spec.name in digests]
    seconds: dict[str, float] = {}
    if todo:
        ensure_base_image(engine, runner=runner)
        moment = packages or freshness.newest(labels_of(engine, specs).values())
        seconds = build_all(engine, todo, digests, packages=moment, anew=bool(packages), logs=logs, runner=runner)
    speaking = client(engine)
    try:
        return [
            BuiltImage(
                name=spec.name,
                tag=spec.tag,
                image_id=str(speaking.images.get(spec.tag).id),
                built=spec.name in seconds,
                seconds=seconds.get(spec.name, 0.0),
            )
            for spec in specs
        ]
    finally:
        speaking.close()


def build_all(
    engine: Engine,
    specs: Sequence[BuildSpec],
    digests: Mapping[str, str],
    *,
    packages: str,
    anew: bool = False,
    logs: Path,
    runner: Runner,
) -> dict[str, float]:
    """Build these side by side, and say how many seconds each took.

    :raises HomeroomError: one failed. The others are ended then; what they have done is not done again the next time.
    """
    require_podmans_owner(engine)
    network = read_host_network(runner=runner)
    if handed := describe_network(network):
        console.note(f"[dim]The builds use this machine's {', '.join(handed)}.[/dim]")
    seconds: dict[str, float] = {}
    errors: list[HomeroomError] = []
    stop = threading.Event()
    with (
        handed_over(network, rootless=engine.rootless) as lent,
        board(specs) as shown,
        ThreadPoolExecutor(BUILDS_AT_ONCE) as pool,
    ):

        def build(spec: BuildSpec) -> None:
            if stop.is_set():
                return
            began = time.monotonic()
            shown.begin(spec.name)
            mark = FAILED
            try:
                build_image(
                    engine,
                    spec,
                    digests[spec.name],
                    lent,
                    packages=packages,
                    anew=anew,
                    on_step=lambda at: shown.show(spec.name, at),
                    logs=logs,
                    runner=runner,
                    stop=stop,
                )
                mark = DONE
                seconds[spec.name] = time.monotonic() - began
            except HomeroomError as error:
                if stop.is_set():  # it was ended, and has nothing to say
                    mark = ENDED
                else:
                    errors.append(error)
            finally:
                if mark == FAILED:
                    stop.set()
                shown.end(spec.name, mark, time.monotonic() - began)

        futures = [pool.submit(build, spec) for spec in specs]
        try:
            for future in futures:
                future.result()
        except BaseException:  # Ctrl-C, or a bug
            stop.set()
            raise
    raise_all(errors)
    return seconds
