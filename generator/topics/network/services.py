"""The service that keeps the labs' firewall in force."""

from __future__ import annotations

from generator.engine.services import Service

SERVICES = (Service(name="firewall", order=20, fails_with_older_files=True),)
