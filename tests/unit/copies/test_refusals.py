"""What restic 0.18 says, as operators read it."""

from __future__ import annotations

import pytest

from generator.core.process import Completed
from generator.topics.copies.refusals import refusal
from generator.topics.copies.target import Target

SFTP = "sftp://hub@copies.example.edu:2222//srv/hub"
SAID = [
    (1, "/srv/copies", "write /repository/data/f8/f8db-tmp-37: no space left on device", "no room left"),
    (2, "/srv/copies", "sh: 1: cannot create /repository/.homeroom-7: Read-only file system", "is read-only"),
    (2, "/srv/copies", "sh: 1: cannot create /repository/.homeroom-7: Permission denied", "may not be written"),
    (
        124,
        "rest:http://127.0.0.1:9/",
        'Stat(<config/>) returned error, retrying after 1.1s: Head "http://:***@127.0.0.1:9/config": dial tcp '
        "127.0.0.1:9: connect: connection refused\nFatal: unable to open config file: context canceled",
        "cannot be reached",
    ),
    (124, "rest:http://copies.example.edu/", "", "does not answer"),
    (1, "rest:http://copies.example.edu/", "Fatal: unexpected HTTP response (401): 401 Unauthorized", "credentials"),
    (1, "s3:s3.example.edu/b", "Fatal: unable to open repository: s3.getCredentials: no credentials found", "secrets"),
    (
        130,
        "s3:s3.example.edu/b",
        "retrying after 1s: Stat: The AWS Access Key Id you provided does not exist",
        "secrets",
    ),
    (130, "s3:s3.example.edu/b", "retrying after 1s: Stat: The specified bucket does not exist", "there is no bucket"),
    (1, "rest:https://c.example.edu/", "tls: failed to verify certificate: x509: unknown authority", "not trust"),
    (1, SFTP, "subprocess ssh: Host key verification failed.\nFatal: unexpected EOF", "-p 2222 copies.example.edu"),
    (1, SFTP, "subprocess ssh: hub@copies.example.edu: Permission denied (publickey).", "authorized_keys"),
    (1, SFTP, "subprocess ssh: ssh: Could not resolve hostname copies.example.edu: Name unknown", "cannot be reached"),
    (10, "/srv/copies", "", "there are no copies"),
    (11, "/srv/copies", "unable to create lock in backend: repository is already locked", "locked by another"),
    (12, "/srv/copies", "Fatal: wrong password or no key found", "another password"),
    (1, "/srv/copies", '{"message_type":"exit_error","code":1,"message":"Fatal: a new kind of fault"}', "a new kind"),
]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("ignoring error for /x: write /restore/homes/ada/x: no space left on device", "no room left"),
        ("ignoring error for /x: write /restore/homes/ada/x: disk quota exceeded", "no room left"),
        ("mkdir /restore/homes/ada/x: read-only file system", "read-only"),
    ],
)
def test_a_disk_that_takes_nothing_back_is_named(said: str, words: str) -> None:
    """What is full or closed is the place that files come back to, and not that of the copies."""
    done = Completed(("restic",), 1, "", f"{said}\nFatal: There were 1 errors")
    found = refusal(done, Target(address="/srv/copies"), doing="bringing files back", into="ada's home")
    assert words in found.cause
    assert found.location == "ada's home"


@pytest.mark.parametrize(("code", "address", "said", "words"), SAID)
def test_a_fault_is_told_with_its_remedy(code: int, address: str, said: str, words: str) -> None:
    """Each way in which restic fails has a cause, a setting or file, and what to do, in our words."""
    found = refusal(Completed(("restic",), code, "", said), Target(address=address), doing="writing the copy")
    assert words in str(found)
    assert found.location
    assert found.remedy
    assert "retrying" not in str(found)
