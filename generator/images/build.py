"""Building the deployment's images: which are out of date, side by side, with one line of progress each."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from docker.errors import ImageNotFound
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from generator.core import console
from generator.core.errors import HomeroomError, raise_all
from generator.core.host_network import BuildNetwork, describe_network, handed_over, read_host_network
from generator.core.paths import RENDERED
from generator.core.process import Runner, indented, run, tail
from generator.engine.find import Engine, client, engine_environment
from generator.images import packages as freshness
from generator.images.base import ensure_base_image

CONTEXT_LABEL = "homeroom.context"
NAME_LABEL = "homeroom.image"
BUILDS_AT_ONCE = 3
"""A build waits for the network for most of its time, also on two CPUs."""
LOGS = RENDERED / "logs"
SHOWN_LINES = 10
DONE, FAILED, ENDED = "[green]✓[/green]", "[red]✗[/red]", "[yellow]-[/yellow]"
NEVER_SENT = ("**/__pycache__", "**/*.pyc", "**/*.egg-info")


@dataclass(frozen=True)
class BuildSpec:
    """An image to be had.

    :param name: what people call it: hub, proxy, lab.
    :param tag: its full name in the engine.
    :param context: the directory that is sent to the build.
    :param origins: further images that it starts from, with their ids where they are on this machine. An image of the
        operator's own has some; the builder may pull what is missing of them.
    """

    name: str
    tag: str
    context: Path
    dockerfile: Path
    build_args: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BuiltImage:
    """An image that is there.

    :param built: False when it was up to date already.
    """

    name: str
    tag: str
    image_id: str
    built: bool
    seconds: float


@dataclass(frozen=True)
class BuildStep:
    """Where a build is: step `number` of `total` of a stage, and its instruction."""

    number: int
    total: int
    text: str
    stage: str = ""


def context_digest(spec: BuildSpec) -> str:
    """A digest of all that decides what the image holds: build arguments, Dockerfile, and every file of the context
    with its path, mode and bytes. Files that .dockerignore names do not count, nor do Python's leavings; and neither
    does the base image, which is all deployments' of the engine: `make refresh` brings Debian's updates.
    """
    digest = hashlib.sha256()

    def add(*parts: str | bytes) -> None:
        for part in parts:
            raw = part.encode() if isinstance(part, str) else part
            digest.update(len(raw).to_bytes(8, "big") + raw)

    for name, value in sorted(spec.build_args.items()):
        add("argument", name, value)
    for name, value in sorted(spec.origins.items()):
        add("origin", name, value)
    add("dockerfile", spec.dockerfile.read_bytes())
    for path in context_files(spec):
        relative = path.relative_to(spec.context).as_posix()
        if path.is_symlink():
            add("link", relative, str(path.readlink()))
        else:
            # Of the mode only whether it may be executed: git keeps no more, and the umask decides the rest.
            add("file", relative, "x" if path.stat().st_mode & 0o100 else "-", path.read_bytes())
    return digest.hexdigest()


def context_files(spec: BuildSpec) -> list[Path]:
    """The files of the context that a build is sent, in a fixed order."""
    patterns = ignore_patterns(spec)
    found: list[Path] = []
    for directory, names, files in os.walk(spec.context):
        here = Path(directory)
        names.sort()
        links = [name for name in names if (here / name).is_symlink()]
        for name in [*files, *links]:
            path = here / name
            if not is_ignored(path.relative_to(spec.context).as_posix(), patterns):
                found.append(path)
    return sorted(found)


def ignore_patterns(spec: BuildSpec) -> list[str]:
    """The patterns of `<Dockerfile>.dockerignore` or `.dockerignore`, after our own."""
    patterns = list(NEVER_SENT)
    for file in (spec.dockerfile.with_name(f"{spec.dockerfile.name}.dockerignore"), spec.context / ".dockerignore"):
        if file.is_file():
            lines = (line.strip() for line in file.read_text().splitlines())
            return patterns + [line for line in lines if line and not line.startswith("#")]
    return patterns


def is_ignored(relative: str, patterns: Sequence[str]) -> bool:
    """Whether .dockerignore's patterns leave a file out: the last that matches it, or a directory above it, decides."""
    ignored = False
    parts = relative.split("/")
    heads = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    for line in patterns:
        pattern = line.removeprefix("!").strip("/").removeprefix("./")
        if any(re.fullmatch(pattern_expression(pattern), head) for head in heads):
            ignored = not line.startswith("!")
    return ignored


def pattern_expression(pattern: str) -> str:
    """A .dockerignore pattern as a regular expression: `**` is any number of directories, `*` stays in one."""
    parts: list[str] = []
    for part in re.split(r"(\*\*/?|\*|\?)", pattern):
        parts.append({"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part)))
    return "".join(parts)


def parse_step(line: str) -> BuildStep | None:
    """Read BuildKit's `#7 [stage 2/5] RUN ...` or Podman's `STEP 2/5: RUN ...`; None for any other line."""
    match = re.match(r"#\d+ \[(?:(\S+) )?(\d+)/(\d+)\] (.*)", line) or re.match(
        r"(?:(\[\d+/\d+\]) )?STEP (\d+)/(\d+): (.*)", line
    )
    if match is None:
        return None
    return BuildStep(int(match.group(2)), int(match.group(3)), match.group(4).strip(), match.group(1) or "")


def failure_lines(lines: Sequence[str]) -> list[str]:
    """What to show of a failed build: the failing step and the end of what it said.

    BuildKit repeats both between two rulers at the end; of Podman the last step's lines are taken.
    """
    rulers = [index for index, line in enumerate(lines) if line.strip() == "------"]
    if len(rulers) >= 2:
        inside = [re.sub(r"^\d+\.\d+ ", "", line) for line in lines[rulers[-2] + 1 : rulers[-1]]]
        head = [line.strip().removeprefix("> ") for line in inside[:1]]
        last = [line.removeprefix("ERROR: ") for line in lines[rulers[-1] :] if line.startswith("ERROR: ")]
        return [*head, *tail("\n".join(inside[1:]), SHOWN_LINES), *[line[:300] for line in last[-1:]]]
    starts = [index for index, line in enumerate(lines) if parse_step(line)]
    return tail("\n".join(lines[starts[-1] if starts else 0 :]), SHOWN_LINES)


def build_command(
    engine: Engine, spec: BuildSpec, digest: str, network: BuildNetwork, *, packages: str, anew: bool = False
) -> list[str]:
    """The call that builds one image; it takes the tag only when all of it succeeded.

    :param packages: of which moment the distribution's packages are to be.
    :param anew: the packages were of another moment before: a Dockerfile of the operator's is not told it, so nothing
        of it is taken from the engine's cache.
    """
    if engine.kind == "podman":
        # Its own storage, not its service: `podman --url` writes the secrets into the context, where COPY finds them.
        words = ["podman", "build", "--format", "docker", "--pull=missing" if spec.origins else "--pull=never"]
    else:
        words = ["docker", "build", "--progress=plain"]
    for name, value in spec.build_args.items():
        words += ["--build-arg", f"{name}={value}"]
    if spec.origins:
        words += ["--no-cache"] if anew else []
    else:
        words += ["--build-arg", f"{freshness.ARGUMENT}={packages}"]
    labels = {CONTEXT_LABEL: digest, NAME_LABEL: spec.name, freshness.LABEL: packages}
    words += [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
    words += ["--tag", spec.tag, "--file", str(spec.dockerfile)]
    return [*words, *network.arguments, str(spec.context)]


def require_podmans_owner(engine: Engine) -> None:
    """Podman's images are its user's own, so another one's would be built where nobody looks.

    :raises HomeroomError: the socket belongs to another user than the one who builds.
    """
    if engine.kind == "podman" and engine.socket.stat().st_uid != os.geteuid():
        raise HomeroomError(
            "images for Podman are built by the user it runs as, and this socket is another user's",
            location=str(engine.socket),
            remedy=f"Run the command as {engine.socket.owner()}, or set ENGINE_SOCKET to your own Podman's socket.",
        )


def build_environment(engine: Engine, network: BuildNetwork) -> dict[str, str]:
    """The environment of a build: the proxies' values, and the engine's own builder whatever the user has chosen."""
    return engine_environment(engine) | {
        "DOCKER_BUILDKIT": "1",
        # Another builder (buildx create --use) would not see the local base image.
        "BUILDX_BUILDER": "default",
        # An attestation would give the same build a new image id each time.
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        **network.environment,
    }


class Board:
    """The builds' progress: a line each on a terminal, redrawn; in a log one line each when it ends."""

    def __init__(self, specs: Sequence[BuildSpec]) -> None:
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("Building the {task.fields[image]} image"),
            BarColumn(bar_width=16),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.description}[/dim]", markup=True),
            console=console.out,
            transient=True,
            disable=not console.out.is_terminal,
        )
        self.stages: dict[str, dict[str, BuildStep]] = {spec.name: {} for spec in specs}
        self.tasks: dict[str, TaskID] = {
            spec.name: self.progress.add_task("waiting", total=1, start=False, image=spec.name) for spec in specs
        }

    def begin(self, name: str) -> None:
        self.progress.update(self.tasks[name], description="starting")
        self.progress.start_task(self.tasks[name])

    def show(self, name: str, at: BuildStep) -> None:
        # What it does, not what it is lent.
        plain = re.sub(r"--(mount|chown|chmod|from|link)\S*\s+|export (\S+=\S+\s+)+&&", "", at.text)
        words = escape(" ".join(plain.split())[:50])
        # Stages are built at once, each with steps of its own: together they are the way there is to go.
        stages = self.stages[name]
        stages[at.stage] = at
        total, completed = sum(one.total for one in stages.values()), sum(one.number - 1 for one in stages.values())
        self.progress.update(self.tasks[name], total=total, completed=completed, description=words)

    def end(self, name: str, mark: str, seconds: float) -> None:
        self.progress.remove_task(self.tasks[name])
        self.progress.console.print(
            f"{mark} Building the {name} image [dim]({seconds:.0f} s)[/dim]", soft_wrap=True, highlight=False
        )


@contextmanager
def board(specs: Sequence[BuildSpec]) -> Iterator[Board]:
    shown = Board(specs)
    with shown.progress:
        yield shown


def build_image(
    engine: Engine,
    spec: BuildSpec,
    digest: str,
    network: BuildNetwork,
    *,
    packages: str,
    anew: bool = False,
    on_step: Callable[[BuildStep], None],
    logs: Path = LOGS,
    runner: Runner = run,
    stop: threading.Event | None = None,
) -> None:
    """Build one image; all that the build says goes to `logs/build-<name>.log`.

    :param packages: see `build_command`.
    :param stop: ends it, once set.
    :raises HomeroomError: it failed; the old image, if any, is as it was. The cause ends in the failing step's lines.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"build-{spec.name}.log"
    last: deque[str] = deque(maxlen=400)
    with log.open("w", encoding="utf-8") as words:

        def take(line: str) -> None:
            words.write(line + "\n")
            words.flush()
            last.append(line)
            if at := parse_step(line):
                on_step(at)

        done = runner(
            build_command(engine, spec, digest, network, packages=packages, anew=anew),
            env=build_environment(engine, network),
            on_line=take,
            stop=stop,
        )
    if done.returncode != 0:
        said = failure_lines(list(last)) or tail(done.stderr)
        raise HomeroomError(
            f"building the {spec.name} image failed:{indented(said)}",
            location=str(spec.dockerfile),
            remedy=f"The whole log: {log}. What ran until now goes on running, on the image it had.",
        )


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
