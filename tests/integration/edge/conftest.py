"""One deployment for all tests of the edge, and somebody who works in it all the while."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

import pytest

from tests.edge_deployment import EdgeDeployment, Visitor, names_lead_here
from tests.integration.edge.work import PIECE_BYTES, Work

FILE_BYTES = 2**31
EDGE_MEMORY_BYTES = 192 * 2**20


@pytest.fixture(scope="package")
def campus(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeDeployment]:
    """A deployment with a name and an authority of its own."""
    made = EdgeDeployment(
        tmp_path_factory.mktemp("campus"),
        f"hredge{os.getpid()}",
        {"AUTH": "dummy", "TLS": "internal", "EDGE_MEMORY": f"{EDGE_MEMORY_BYTES // 2**20}M"},
    )
    try:
        with names_lead_here():
            made.up_trusted()
            yield made
    finally:
        made.remove()


@pytest.fixture(scope="package")
def work(campus: EdgeDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """Somebody who works since before anything was changed."""
    person = Visitor(campus, "ada", tmp_path_factory.mktemp("ada") / "trusted.pem")
    assert person.sign_in("").status_code == 200
    person.start_lab()
    campus.lab("ada").exec_run(["truncate", f"--size={FILE_BYTES}", "/home/jovyan/large.bin"])
    with contextlib.ExitStack() as downloads:

        def begun() -> Iterator[bytes]:
            asked = person.web.get(f"{campus.url}user/ada/files/large.bin", stream=True, timeout=60)
            downloads.callback(asked.close)
            assert asked.status_code == 200
            return asked.iter_content(PIECE_BYTES)

        made = Work(person, person.kernel(), begun(), begun(), time.monotonic())
        made.goes_on()
        yield made
        made.kernel.channel.close()
