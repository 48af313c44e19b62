"""The YAML files of `site/` that are read: what the topics bring."""

from __future__ import annotations

from generator import topics
from generator.site.models import Form


def known() -> tuple[Form, ...]:
    """Their forms, in their order."""
    found = [form for part in topics.each("site") for form in part.FORMS]
    return tuple(sorted(found, key=lambda form: (form.order, form.name)))


def names() -> tuple[str, ...]:
    """Their names."""
    return tuple(form.name for form in known())


def page_of(name: str) -> str:
    """The page of `docs/` that shows a file's form."""
    return next(form.page for form in known() if form.name == name)
