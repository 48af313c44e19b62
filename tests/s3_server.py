"""An S3 server with users and their rights: moto's, in an environment of its own."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.hub_deployment import ROOT, free_port

ENVIRONMENT = ROOT / ".venv-s3"
LOCK = ROOT / "tests/s3_server.txt"
BUCKET = "hub"
START_SECONDS, CALL_SECONDS = 60, 20
IAM = {"Authorization": "AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/iam/aws4_request"}
"""By this a call without a signature finds the service that makes users; it counts until signatures are asked for."""
EVERYTHING = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


@dataclass(frozen=True, kw_only=True)
class Key:
    """With what somebody signs."""

    name: str
    secret: str

    @property
    def lines(self) -> str:
        """The lines of `backup/secrets.env`."""
        return f"AWS_ACCESS_KEY_ID={self.name}\nAWS_SECRET_ACCESS_KEY={self.secret}\n"


class S3Server:
    """A server with one bucket. Whoever has no key of it is refused once `close` was called.

    :param host: the address to listen on.
    """

    def __init__(self, host: str, port: int) -> None:
        self.address = f"{host}:{port}"
        self.url = f"http://{self.address}"

    def key(self, user: str, *statements: object) -> Key:
        """A new user's key.

        :param statements: what they may do, as policies have it.
        """
        self._iam(Action="CreateUser", UserName=user)
        made = self._iam(Action="CreateAccessKey", UserName=user)
        name, secret = (re.findall(rf"<{tag}>([^<]+)", made)[0] for tag in ("AccessKeyId", "SecretAccessKey"))
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self._iam(Action="PutUserPolicy", UserName=user, PolicyName="rights", PolicyDocument=policy)
        return Key(name=name, secret=secret)

    def close(self) -> None:
        """Ask for signatures and rights from now on."""
        answer = requests.post(
            f"{self.url}/moto-api/reset-auth", data="0", headers={"Content-Type": "text/plain"}, timeout=CALL_SECONDS
        )
        answer.raise_for_status()

    def make_bucket(self) -> None:
        """Make the bucket."""
        requests.put(f"{self.url}/{BUCKET}", timeout=CALL_SECONDS).raise_for_status()

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return requests.get(f"{self.url}/moto-api/data.json", timeout=CALL_SECONDS).ok
        except requests.ConnectionError:
            return False

    def _iam(self, **words: str) -> str:
        answer = requests.post(self.url, data={"Version": "2010-05-08", **words}, headers=IAM, timeout=CALL_SECONDS)
        answer.raise_for_status()
        return answer.text


@contextmanager
def s3_server(directory: Path, host: str = "127.0.0.1") -> Iterator[S3Server]:
    """A server with an empty bucket, open to all until it is closed.

    :param directory: where it leaves what it says.
    """
    subprocess.run(["sh", "generator/venv.sh", str(ENVIRONMENT), str(LOCK)], cwd=ROOT, check=True)
    port = free_port()
    server, log = S3Server(host, port), directory / "s3.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [ENVIRONMENT / "bin/moto_server", "--host", host, "--port", str(port)], stdout=said, stderr=said
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.is_up():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        server.make_bucket()
        yield server
    finally:
        process.terminate()
        process.wait()
