"""What somebody has open while names and certificates change, and the changing itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.edge_deployment import EdgeDeployment, Visitor
from tests.person import Kernel

PIECE_BYTES = 2**16
MORE_BYTES = 2**26
"""More than systems hold of one connection, on both of its ends."""


@dataclass
class Work:
    """What somebody has open: a kernel's websocket, a download that is read now and then, and one of which nothing was
    read yet.

    :param begun: when, by the clock that only goes forward, in seconds.
    """

    person: Visitor
    kernel: Kernel
    pieces: Iterator[bytes]
    untouched: Iterator[bytes]
    begun: float

    def goes_on(self) -> None:
        """See that the same websocket and the same download still bring something."""
        assert self.kernel.run("print(6 * 7)") == "42\n"
        read_on(self.pieces)


def read_on(pieces: Iterator[bytes]) -> None:
    """Read more of a download than lies in any buffer on its way."""
    for _ in range(MORE_BYTES // PIECE_BYTES):
        assert next(pieces)


def serial(campus: EdgeDeployment) -> int:
    """What tells one certificate from the next; 0 where none is trusted."""
    try:
        return campus.served().serial_number
    except OSError:
        return 0


def switch(campus: EdgeDeployment, authority: str = "", **values: str) -> str:
    """Have the deployment run with these settings; what `make up` said.

    :param authority: whom people's browsers trust from then on.
    """
    campus.set(**values)
    output = campus.make("up").stdout
    campus.authority = authority or campus.authority
    return output
