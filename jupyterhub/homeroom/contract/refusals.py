"""Refusals of the guard that the hub explains to people."""

from __future__ import annotations

NO_FIREWALL = "the labs' firewall is not in force"
