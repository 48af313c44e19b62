"""Copies in a bucket, on a server that looks at keys and rights."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

from tests.hub_deployment import HubDeployment
from tests.integration.copies.repository import refused, sent_to
from tests.person import Person
from tests.s3_server import BUCKET, EVERYTHING, Key, s3_server

READS = ["s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject"]
READS_ONLY = {"Effect": "Allow", "Action": READS, "Resource": "*"}
READS_AND_ADDS = {"Effect": "Allow", "Action": [*READS, "s3:PutObject"], "Resource": "*"}
BELOW_LOCKS = {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{BUCKET}/*/locks/*"}
SOON_SECONDS = 25


@contextlib.contextmanager
def signed_with(deployment: HubDeployment, key: Key) -> Iterator[None]:
    """The deployment's copies have this key while the body runs."""
    file = deployment.directory / "backup/secrets.env"
    before = file.read_text()
    file.write_text(f"{before}{key.lines}")
    try:
        yield
    finally:
        file.write_text(before)


def test_copies_go_to_a_bucket(deployment: HubDeployment, place: Path, admin: Person, tmp_path: Path) -> None:
    """A copy goes to a bucket and a home comes back from it. A key that is missing, wrong or may too little, a bucket
    that is not there and a server that is gone are told, soon. A key that may remove locks and nothing else is enough,
    and removes nothing; one that may not even do that is told what it needs."""
    admin.run("open('in-the-bucket.txt', 'w').write('mine')")
    with s3_server(tmp_path) as server:
        good, adds = server.key("good", EVERYTHING), server.key("adds", READS_AND_ADDS, BELOW_LOCKS)
        locks_stay, reads = server.key("locks", READS_AND_ADDS), server.key("reads", READS_ONLY)
        server.close()
        address = f"s3:{server.url}/{BUCKET}/copies"
        with sent_to(deployment, address):
            assert "refuses the credentials" in refused(deployment)
            for wrong in (Key(name=good.name, secret="wrong"), Key(name="AKIA0000000000000000", secret="wrong")):
                with signed_with(deployment, wrong):
                    began = time.monotonic()
                    assert "refuses the credentials" in refused(deployment)
                    assert time.monotonic() - began < SOON_SECONDS
            with signed_with(deployment, good):
                assert "A copy of" in deployment.make("backup").stdout
            with signed_with(deployment, reads):
                assert "delete below locks/" in refused(deployment)
            with signed_with(deployment, adds):
                said = " ".join(deployment.make("backup").stdout.split())
                assert "lets nothing be removed" in said
                assert "could not be looked after" not in said
                restored = deployment.make("restore", "NAME=admin", "FILE=in-the-bucket.txt").stdout
            with signed_with(deployment, locks_stay):
                said = " ".join(deployment.verb("backup").stdout.split())
                assert "lets this deployment remove none of its own locks" in said
        with sent_to(deployment, f"s3:{server.url}/another/copies"), signed_with(deployment, good):
            assert "there is no bucket" in refused(deployment)
    folder = re.findall(r"restored-[\w-]+", restored)[-1]
    assert admin.run(f"import os; print(open('{folder}/in-the-bucket.txt').read())").strip() == "mine"
    admin.run(f"import os, shutil; shutil.rmtree('{folder}'); os.remove('in-the-bucket.txt')")
    with sent_to(deployment, address), signed_with(deployment, good):
        assert "cannot be reached" in refused(deployment)
