"""Preflight: what `make check` and `make up` look at before anything is changed.

Each file holds the readers of one thing (impure, small) and the decision on what was read (pure, on plain data).
"""

from __future__ import annotations

from generator.core.finding import Finding, errors_of
from generator.preflight.requirements import Requirements
from generator.preflight.run import run_checks
from generator.preflight.subnet import Route, free_subnet, host_routes

__all__ = ["Finding", "Requirements", "Route", "errors_of", "free_subnet", "host_routes", "run_checks"]
