"""The rendered configuration, loaded as the hub loads it, without a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from generator.lifecycle import render
from tests.sample_settings import settings


def written(directory: Path, site: Path | None = None, /, **values: str) -> Path:
    """Render into `directory`; only the place of the `hub.d` copies is another than in the image.

    :param site: an operator's `site/`; none: an empty one.
    :returns: the hub's configuration.
    """
    render.write(render.rendered_files(settings(**values), site or directory / "no-site"), directory)
    path = directory / render.HUB_CONFIG
    text = path.read_text()
    assert '"/srv/jupyterhub/hub.d"' in text
    path.write_text(text.replace('"/srv/jupyterhub/hub.d"', repr(str(directory / "hub.d"))))
    return path


def loaded(directory: Path, site: Path | None = None, /, **values: str) -> Config:
    """The same, loaded in this process."""
    path = written(directory, site, **values)
    config: Any = PyFileConfigLoader(path.name, path=str(directory)).load_config()
    assert isinstance(config, Config)
    return config
