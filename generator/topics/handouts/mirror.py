"""Git repositories of handouts, mirrored on this machine: labs get their files and never see an address or a key.

Git does the work; it is given no terminal, no configuration but ours, few protocols and little time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.core.errors import HomeroomError
from generator.core.finding import in_units
from generator.topics.handouts.site import Repository
from generator.topics.handouts.tree import MOST_ENTRIES, Unfit

FETCH_SECONDS = 60
CONNECT_SECONDS = 15
KEPT_VARIABLES = ("PATH", "LANG", "TMPDIR", "GIT_SSL_CAINFO", "SSL_CERT_FILE")
PROXIES = tuple(name for each in ("http", "https", "all", "no") for name in (f"{each}_proxy", f"{each.upper()}_PROXY"))
CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.symlinks": "true",
    "core.autocrlf": "false",
    "core.fsmonitor": "false",
    "fetch.fsckObjects": "true",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "20",
    "credential.helper": "",
    "gc.auto": "0",
}
FAULTS = (
    (r"could not resolve host", "its host is not known", "See whether the address is right, and this machine's DNS."),
    (
        r"couldn't find remote ref|remote branch .* not found",
        "it has no such branch or tag",
        "Name one that it has in `branch`, or leave it out.",
    ),
    (
        r"(?:permission|access) denied|authentication failed|could not read username|prompts disabled|error: 40[13]",
        "it is private, or there is none: its host wants to know who asks",
        "Give it a key (docs/handouts.md), and the host the public part of it, to read only.",
    ),
    (
        r"host key verification failed",
        "its host shows another key than before",
        "If it was set up anew, remove its line in handouts/known_hosts.",
    ),
    (
        r"not found|does not exist|does not appear to be a git repository|not a git repository|error: 404",
        "there is no such repository, or it is private",
        "See whether the address is right; a private one needs a key (docs/handouts.md).",
    ),
    (r"file size limit|signal 25|too large", "it is larger than HANDOUT_MAX_SIZE", "Hand out a smaller repository."),
    (r"certificate|ssl", "its host's certificate is not trusted here", "Install the authority that signed it."),
    (
        r"refused|timed out|unreachable|no route",
        "its host does not answer",
        "See whether it is up and reached from here.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """One repository.

    :param place: where mirrors are kept.
    :param key: the private key; None: without one.
    """

    repo: Repository
    place: Path
    key: Path | None
    max_bytes: int

    @property
    def name(self) -> str:
        """The same for all handouts from one branch of it."""
        facts = f"{self.repo.url}\n{self.repo.branch or ''}\n{self.repo.key or ''}"
        return hashlib.sha256(facts.encode()).hexdigest()[:16]

    @property
    def _folder(self) -> Path:
        return self.place / "mirrors" / f"{self.name}.git"

    def fetch(self) -> str:
        """Bring it up to date, and return the commit.

        :raises Unfit: it cannot be; what was fetched before is still there.
        """
        self._folder.parent.mkdir(mode=0o700, exist_ok=True)
        if not (self._folder / "HEAD").is_file():
            shutil.rmtree(self._folder, ignore_errors=True)
            self._git("init", "--quiet", "--bare", str(self._folder))
        refspec = f"+{self.repo.branch or 'HEAD'}:refs/heads/mirror"
        options = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--update-head-ok")
        self._git("fetch", *options, "--", self.repo.url, refspec, within=True, limited=True)
        return self._git("rev-parse", "--verify", "refs/heads/mirror^{commit}", within=True).strip()

    def check_out(self, commit: str, to: Path) -> None:
        """Write the files of a commit into a new folder: by git, which follows no link there.

        :raises Unfit: they are too many or too large.
        """
        listed = self._git("ls-tree", "-r", "-l", "-z", "--full-tree", commit, within=True).split("\0")
        rows = [row.split("\t")[0].split() for row in listed if row]
        sizes = [int(row[3]) for row in rows if row[3].isdecimal()]
        inner = self.repo.folder or ""
        if len(rows) > MOST_ENTRIES * 10 or (not inner and sum(sizes) > self.max_bytes):
            raise self._unfit(
                f"it is larger than HANDOUT_MAX_SIZE, {in_units(self.max_bytes)}", "Hand out a `folder` of it."
            )
        to.mkdir(mode=0o700)
        index = {"GIT_INDEX_FILE": str(to.with_name(f"{to.name}.index"))}
        paths = ("--", f":(literal,top){inner}") if inner else ("--", ".")
        try:
            self._git(
                f"--work-tree={to}", "checkout", "--quiet", "-f", commit, *paths, within=True, limited=True, more=index
            )
        except Unfit as error:
            if "did not match" in str(error):
                raise self._unfit(f"it has no folder {inner}", "Change `folder`, or leave it out.") from None
            raise
        finally:
            Path(index["GIT_INDEX_FILE"]).unlink(missing_ok=True)

    def _git(
        self, *arguments: str, within: bool = False, limited: bool = False, more: Mapping[str, str] | None = None
    ) -> str:
        options = [word for name, value in CONFIG.items() for word in ("-c", f"{name}={value}")]
        where = [f"--git-dir={self._folder}"] if within else []
        limit = ["prlimit", f"--fsize={self.max_bytes}", "--"] if limited else []
        done = run([*limit, "git", *options, *where, *arguments], environment=self._environment() | dict(more or {}))
        if done.returncode:
            raise self._unfit(*explained(done.stderr))
        return done.stdout

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in (*KEPT_VARIABLES, *PROXIES) if name in os.environ}
        known_hosts = self.place / "known_hosts"
        ssh = [
            *("ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new"),
            *("-o", f"UserKnownHostsFile={known_hosts}", "-o", f"ConnectTimeout={CONNECT_SECONDS}"),
            *("-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-i", str(self.key or "/dev/null")),
        ]
        return {
            **kept,
            "HOME": str(self.place),
            "LC_ALL": "C.UTF-8",
            "GIT_ALLOW_PROTOCOL": "http:https:ssh",
            "GIT_ASKPASS": "/bin/false",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_SSH_COMMAND": " ".join(f"'{word}'" if " " in word else word for word in ssh),
            "GIT_TERMINAL_PROMPT": "0",
        }

    def _unfit(self, cause: str, remedy: str) -> Unfit:
        return Unfit(cause, location=self.repo.url, remedy=remedy)


def run(command: Sequence[str], *, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run git, with all that it starts, for FETCH_SECONDS at most.

    :raises HomeroomError: there is no git.
    """
    try:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            start_new_session=True,
        )
    except FileNotFoundError as error:
        remedy = "Run `sudo apt-get install git`."
        raise HomeroomError(f"{error.filename} is not on this machine", remedy=remedy) from None
    try:
        out, said = process.communicate(timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return subprocess.CompletedProcess(command, 1, "", f"timed out after {FETCH_SECONDS} s")
    ended = f"signal {-process.returncode}\n" if process.returncode < 0 else ""
    return subprocess.CompletedProcess(command, process.returncode, out, ended + said)


def explained(said: str) -> tuple[str, str]:
    """What git said of a failure, as cause and remedy in words."""
    for form, cause, remedy in FAULTS:
        if re.search(form, said, re.IGNORECASE):
            return cause, remedy
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = ascii(lines[-1])[1:-1][:200] if lines else "nothing"
    return f"git says: {last}", "Try it by hand: `git ls-remote` with its address."
