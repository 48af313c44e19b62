"""The operator's logo."""

from __future__ import annotations

from pathlib import Path

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import url_path_join

from homeroom.branding import brand

FOLDER = Path("/srv/site/branding")
KINDS = {".svg": "image/svg+xml", ".png": "image/png"}
LARGEST_BYTES = 2**20


class LogoHandler(BaseHandler):
    """`/hub/homeroom/logo/light` and `dark`: the picture that the operator names, else JupyterHub's."""

    def get(self, theme: str) -> None:
        """Send it. Opened by itself, a picture runs nothing."""
        looks = brand.now()
        name = (looks.logo_dark if theme == "dark" else "") or looks.logo
        content = picture(name) if name else None
        if content is None:
            self.redirect(url_path_join(self.hub.base_url, "logo"))
            return
        self.set_header("Content-Type", KINDS[Path(name).suffix])
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "max-age=60")
        self.finish(content)


def picture(name: str) -> bytes | None:
    """The content of a picture in site/branding/; None where there is none of this name, or it is no such file."""
    path = FOLDER / Path(name).name
    try:
        if path.suffix not in KINDS or path.stat().st_size > LARGEST_BYTES:
            return None
        return path.read_bytes()
    except OSError:
        return None
