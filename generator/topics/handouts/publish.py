"""Puts what is due where labs see it, whole and at once, and takes away what is not to be seen (any more)."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from generator.core.atomic import write_atomically
from generator.core.lock import exclusive
from generator.schema.settings import Settings
from generator.topics.handouts import places, state
from generator.topics.handouts.handouts import Known, all_audiences, key_file
from generator.topics.handouts.mirror import Mirror
from generator.topics.handouts.state import Fetched, Published, State
from generator.topics.handouts.tree import Size, Tree, Unfit

FETCH_AGAIN_SECONDS = 300
FETCHED_AT_ONCE = 4
BUSY = "handouts are being published just now"


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """What one run works on.

    :param sources: the directory in which `from` is looked for.
    :param site: where keys are.
    :param place: where what is published lies.
    """

    settings: Settings
    known: Sequence[Known]
    sources: Path
    site: Path
    place: Path = places.FOLDER

    def run(self, now: datetime, *, fetch_all: bool = False) -> State:
        """Publish what is due, then fetch repositories, then publish what that brought: a host that does not answer
        keeps nothing else waiting.

        :param fetch_all: also those that were fetched a moment ago.
        :raises HomeroomError: another one publishes, or nothing can be written there.
        """
        places.make(all_audiences(self.known), self.place)
        self.place.mkdir(mode=0o700, exist_ok=True)
        with exclusive(self.place, busy=BUSY):
            found = state.read(self.place)
            self._publish(found, now)
            if self._fetch(found, fetch_all=fetch_all):
                self._publish(found, now)
            state.write(self.place, found)
        return found

    def _publish(self, found: State, now: datetime) -> None:
        staging = self.place / "staging"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        try:
            found.handouts = {one.name: self._one(one, found, now, staging) for one in self.known}
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        self._tell(found)
        self._clean()

    def _one(self, one: Known, found: State, now: datetime, staging: Path) -> Published:
        before = found.handouts.get(one.name, Published())
        if not one.is_due(now):
            return Published()
        try:
            tree, revision = self._source(one, found, staging)
            if before.revision == revision and self._is_laid(one, revision):
                return Published(revision=revision, files=before.files, size_bytes=before.size_bytes)
            size = self._lay(one, tree, revision, staging)
        except Unfit as error:
            before.fault, before.remedy = f"{error.location}: {error.cause}", error.remedy or ""
            return before
        except OSError as error:
            before.fault, before.remedy = f"cannot be copied: {error.strerror}", "Make room on that disk if it is full."
            return before
        return Published(revision=revision, files=size.files, size_bytes=size.size_bytes)

    def _source(self, one: Known, found: State, staging: Path) -> tuple[Tree, str]:
        """What is to be handed out, and its revision; of a repository what was fetched last."""
        most = self.settings.HANDOUT_MAX_SIZE
        if one.handout.repo is None:
            inner = str(one.handout.source)
            tree = Tree(root=self.sources, inner=inner, shown=str(self.sources / inner), max_bytes=most)
            return tree, tree.revision()
        mirror, folder = self._mirror(one), one.handout.repo.folder or ""
        fetched = found.mirrors.get(mirror.name, Fetched())
        if not fetched.commit:
            cause = fetched.fault or "it was not fetched yet"
            raise Unfit(cause, location=one.handout.repo.url, remedy=fetched.remedy)
        revision = hashlib.sha256(f"{fetched.commit}\n{folder}".encode()).hexdigest()[:32]
        work = staging / f"{mirror.name}-{one.name}"
        if found.handouts.get(one.name, Published()).revision != revision or not self._is_laid(one, revision):
            mirror.check_out(fetched.commit, work)
        return Tree(root=work, inner=folder, shown=f"{one.handout.repo.url} {folder}".strip(), max_bytes=most), revision

    def _is_laid(self, one: Known, revision: str) -> bool:
        """Whether every audience has it already."""
        name = folder_of(one.name, revision)
        return all((audience.folder(self.place) / name).is_dir() for audience in one.audiences)

    def _mirror(self, one: Known) -> Mirror:
        repo = one.handout.repo
        if repo is None:
            raise ValueError(one.name)
        key = key_file(self.site, repo.key).resolve() if repo.key else None
        return Mirror(repo=repo, place=self.place.resolve(), key=key, max_bytes=self.settings.HANDOUT_MAX_SIZE)

    def _lay(self, one: Known, tree: Tree, revision: str, staging: Path) -> Size:
        """Copy it once, and have it appear for each audience at once, with the same files."""
        first = staging / "copy"
        shutil.rmtree(first, ignore_errors=True)
        size = tree.copy(first)
        for audience in one.audiences:
            target = audience.folder(self.place) / folder_of(one.name, revision)
            if not target.is_dir():
                again = staging / "again"
                shutil.rmtree(again, ignore_errors=True)
                shutil.copytree(first, again, symlinks=True, copy_function=os.link)
                again.chmod(0o755)
                again.rename(target)
        return size

    def _fetch(self, found: State, *, fetch_all: bool) -> bool:
        """Fetch what was not fetched for a while; returns whether something new came of it."""
        mirrors = {mirror.name: mirror for one in self.known if one.handout.repo for mirror in [self._mirror(one)]}
        found.mirrors = {name: one for name, one in found.mirrors.items() if name in mirrors}
        now = time.time()
        late = [
            mirror
            for name, mirror in mirrors.items()
            if fetch_all or not 0 <= now - found.mirrors.get(name, Fetched()).tried_at < FETCH_AGAIN_SECONDS
        ]
        before = {mirror.name: found.mirrors.get(mirror.name, Fetched()) for mirror in late}
        with ThreadPoolExecutor(FETCHED_AT_ONCE) as pool:
            brought = pool.map(lambda one: _fetched(one, before[one.name].commit), late)
            found.mirrors |= {mirror.name: fetched for mirror, fetched in zip(late, brought, strict=True)}
        for folder in (self.place / "mirrors").glob("*.git"):
            if folder.stem not in mirrors:
                shutil.rmtree(folder, ignore_errors=True)
        return any(found.mirrors[name].found != one.found for name, one in before.items())

    def _tell(self, found: State) -> None:
        """Write what each audience has: labs look at its time of change. One that gets nothing any more may still be
        seen by labs that run."""
        labs = self.place.resolve() / "labs"
        keys = {audience.key for audience in all_audiences(self.known)} | {path.name for path in labs.glob("*/")}
        for key in sorted(keys):
            rows: list[dict[str, Any]] = []
            for one in self.known:
                revision = found.handouts[one.name].revision
                folder = folder_of(one.name, revision)
                if revision and key in {each.key for each in one.audiences} and (labs / key / folder).is_dir():
                    rows.append({"name": one.name, "to": one.handout.to, "revision": revision, "folder": folder})
            write_atomically(labs / key / places.INDEX, json.dumps({"handouts": rows}, indent=2) + "\n")

    def _clean(self) -> None:
        """Take away what no index names: labs that copy it just now look again."""
        for index in (self.place / "labs").glob(f"*/{places.INDEX}"):
            named = {row["folder"] for row in json.loads(index.read_text(encoding="utf-8"))["handouts"]}
            for path in index.parent.iterdir():
                if path.is_dir() and path.name not in named:
                    shutil.rmtree(path, ignore_errors=True)


def folder_of(name: str, revision: str) -> str:
    """Where a handout lies in an audience's folder."""
    return f"{name}@{revision[:12]}"


def _fetched(mirror: Mirror, commit: str) -> Fetched:
    """A repository as it is now; one that cannot be fetched as it was."""
    now = time.time()
    try:
        return Fetched(commit=mirror.fetch(), tried_at=now)
    except Unfit as error:
        return Fetched(commit=commit, tried_at=now, fault=error.cause, remedy=error.remedy or "")


def publisher(settings: Settings, known: Sequence[Known], site: Path) -> Publisher:
    """Of this deployment."""
    return Publisher(settings=settings, known=known, sources=places.sources(settings), site=site)
