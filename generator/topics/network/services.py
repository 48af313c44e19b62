"""The service that keeps the labs' firewall in force."""

from __future__ import annotations

from generator.engine.services import Service, of_mib

SERVICES = (Service(name="firewall", order=20, memory_bytes=of_mib(64), fails_with_older_files=True),)
