"""Where things lie in a deployment's directory."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENV_FILE = ROOT / ".env"
ENV_EXAMPLE = ROOT / ".env.example"
SITE = ROOT / "site"
RENDERED = ROOT / "rendered"
COMPOSE_FILE = ROOT / "docker-compose.yml"
SETTINGS_PAGE = ROOT / "docs" / "settings.md"
