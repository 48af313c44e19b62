"""What pages have of the catalogue, and where people choose their language."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import url_path_join
from markupsafe import Markup, escape

from homeroom.texts import catalogue, language

_set_default_headers = BaseHandler.set_default_headers


def answer_in_their_language() -> None:
    """Have every page of the hub, in this process, be told in the language of whoever asks for it."""
    BaseHandler.set_default_headers = _set_headers


def _set_headers(handler: BaseHandler) -> None:
    """JupyterHub's, and that the answer depends on the language. It is called first of all, and again for an error."""
    _set_default_headers(handler)
    language.answer(handler)
    handler.set_header("Vary", "Accept-Language, Cookie")


class Texts(Extension):
    """Gives templates `text(key, ...)`, `language()` and `languages()`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals.update(text=text, language=language.current, languages=languages)


def text(key: str, **values: Any) -> Markup:
    """A text in the reader's language, as HTML: the text may hold marks, its values are escaped.

    :raises KeyError: there is no such text, or a value of it is missing.
    """
    return Markup(catalogue.fill(language.current(), key, values, escape))  # noqa: S704  # the values are escaped


def languages() -> list[tuple[str, str]]:
    """Each language by its code and its own name."""
    return [(code, str(catalogue.texts(code)["page.own_name"])) for code in catalogue.languages()]


class LanguageHandler(BaseHandler):
    """`/hub/homeroom/language/CODE`: a plain link, so that it needs no script. It leads back to where it was."""

    def get(self, code: str) -> None:
        """Keep the choice in the browser and go back."""
        language.remember(self, code)
        came_from = self.request.headers.get("Referer", "")
        self.redirect(self._validate_next_url(came_from) or url_path_join(self.hub.base_url, "home"))
