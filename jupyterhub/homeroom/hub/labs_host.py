"""One host for all labs, another than the hub's: what a page of a lab does in a browser, it then does not do as a page
of the hub."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LabsHost:
    """JupyterHub's `subdomain_hook`: every lab has this name. Labs are told apart by their paths, as without it."""

    name: str

    def __call__(self, _user: str, _hub: str, *, kind: str) -> str:
        """The name of the host of a user's labs, or of a service."""
        return self.name
