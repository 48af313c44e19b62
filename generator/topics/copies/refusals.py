"""What restic says when it cannot, as an operator's error: what is wrong, where, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from generator.core.errors import HomeroomError
from generator.core.process import Completed
from generator.topics.copies.target import LOCATION, Target

NO_REPOSITORY, LOCKED, WRONG_PASSWORD, TIMED_OUT = 10, 11, 12, 124
SECRETS = "backup/secrets.env"
PATTERNS: tuple[tuple[str, str, str], ...] = (
    (
        r"no space left on device|disk quota exceeded|insufficient storage|\b507\b",
        "there is no room left at {address}",
        "Make room there. Copies that were complete before are still good, and the next run goes on from here.",
    ),
    (
        r"read-only file system",
        "{address} is read-only",
        "Mount it so that it can be written. Copies that are there are untouched.",
    ),
    (
        r"host key verification failed|no .* host key is known|known_hosts",
        "the server {host} is not known: nobody has said which key it has",
        "Run `ssh-keyscan {keyscan} >> backup/ssh/known_hosts`, and compare what it wrote with the server's own keys.",
    ),
    (
        r"permission denied \((?:publickey|password|keyboard)",
        "the server {host} does not let this deployment in",
        "Write the line of backup/ssh/id_ed25519.pub into `~/.ssh/authorized_keys` of that account.",
    ),
    (
        r"specified bucket does not exist|nosuchbucket",
        "there is no bucket at {address}",
        "Make it there, or name one that is: none is made by itself.",
    ),
    (
        r"no credentials found|\b401\b|\b403\b|unauthorized|access ?denied|invalidaccesskeyid|signaturedoesnotmatch"
        r"|access key id you provided|signature we calculated|forbidden",
        "{address} refuses the credentials",
        f"Write them into {SECRETS}: RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD, or AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY. A key must be allowed to list, read and add, and to delete below locks/.",
    ),
    (
        r"permission denied|operation not permitted",
        "{address} may not be written to",
        "It must belong to root, or to the account that BACKUP_TO names.",
    ),
    (
        r"x509|certificate",
        "{address} shows a certificate that this machine does not trust",
        'Put its authority where the system keeps them: docs/operations.md, "Networks that need care".',
    ),
    (
        r"connection refused|no such host|could not resolve|network is unreachable|no route to host|i/o timeout"
        r"|timed out|connection reset|connection closed|broken pipe|server misbehaving|lookup .* on |deadline exceeded",
        "{address} cannot be reached",
        "See that the server runs and that this machine finds it; copies that are there are untouched.",
    ),
)
INTO: tuple[tuple[str, str, str], ...] = (
    (r"no space left on device|disk quota exceeded", "there is no room left there", "Make room, and run it again."),
    (r"read-only file system", "it is read-only", "Mount it so that it can be written, and run it again."),
)
"""What keeps files from coming back: of the place into which they come."""


def refusal(done: Completed, target: Target, *, doing: str, into: str = "") -> HomeroomError:
    """The error for a restic that failed.

    :param doing: what it was to do, as `writing the copy`.
    :param into: where it brought files back to.
    """
    if done.returncode == WRONG_PASSWORD:
        return HomeroomError(
            f"the copies at {target.address} have another password",
            location=SECRETS,
            remedy="Write the one of these copies there (the recovery sheet has it), or name an empty place.",
        )
    if done.returncode == LOCKED:
        return HomeroomError(
            f"the copies at {target.address} are locked by another machine",
            location=LOCATION,
            remedy="Wait until it has ended. The lock of one that was switched off counts no more after 30 minutes.",
        )
    if done.returncode == NO_REPOSITORY:
        return HomeroomError(
            f"there are no copies at {target.address}", location=LOCATION, remedy="`make backup` makes the first one."
        )
    said = list(messages(done))
    words = {"address": target.address, "host": target.host, "keyscan": keyscan(target)}
    for line in said:
        for pattern, cause, remedy in INTO if into else ():
            if re.search(pattern, line, re.IGNORECASE):
                return HomeroomError(cause, location=into, remedy=remedy)
        for pattern, cause, remedy in PATTERNS:
            if re.search(pattern, line, re.IGNORECASE):
                return HomeroomError(cause.format(**words), location=LOCATION, remedy=remedy.format(**words))
    if done.returncode == TIMED_OUT:
        cause = f"{target.address} does not answer"
        return HomeroomError(cause, location=LOCATION, remedy="See that it runs, and that this machine reaches it.")
    last = said[0] if said else f"exit code {done.returncode}"
    return HomeroomError(
        f"{doing} failed: {last}", location=LOCATION, remedy="Run it again; what is there is untouched."
    )


def messages(done: Completed) -> Iterator[str]:
    """What restic said that went wrong, the last first: that is what made it end."""
    for line in reversed([*done.stdout.splitlines(), *done.stderr.splitlines()]):
        text = line.strip()
        if text.startswith("{"):
            try:
                found = json.loads(text)
            except ValueError:
                continue
            error = found.get("error") or {}
            text = str(found.get("message") or (error.get("message") if isinstance(error, dict) else error) or "")
        if text:
            yield text


def keyscan(target: Target) -> str:
    """What `ssh-keyscan` is told to ask a server's keys."""
    port = target.account[1]
    return f"-p {port} {target.host}" if port else target.host
