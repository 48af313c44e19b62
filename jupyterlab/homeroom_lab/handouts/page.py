"""`homeroom/handouts`: what was delivered into this home, and a fresh copy of it. Without scripts."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from urllib.parse import quote

from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from homeroom_lab.handouts.deliver import FULL, Result
from homeroom_lab.handouts.watch import HandoutWatch

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Handouts</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root {{ color-scheme: light dark }} body {{ font: 16px/1.5 sans-serif; max-width: 44rem; margin: 2rem auto }}
li {{ margin: .75rem 0 }} form {{ display: inline }} [role=status] {{ border-left: 4px solid; padding: 0 1rem }}</style>
</head><body><main><h1>Handouts</h1>{said}
<p>What your teachers hand out comes into your files by itself. Files of yours are never written over, and what you
delete stays deleted. A fresh copy is a folder of its own, beside what you have.</p>
{rows}<p><a href="{lab}">Back to the lab</a></p></main></body></html>
"""
STATES = {
    "delivered": "Delivered.",
    "full": "Not all of it could be copied: your home is full. Delete what you no longer need; it is tried again.",
    "failed": "Not all of it could be copied. It is tried again.",
}


class HandoutsHandler(JupyterHandler):
    """Shows them; makes a fresh copy of one where its button is pressed."""

    def initialize(self, watch: HandoutWatch) -> None:
        """:param watch: knows what is delivered."""
        self.watch = watch

    @web.authenticated
    async def get(self) -> None:
        """Show them."""
        await self._show("")

    @web.authenticated
    async def post(self) -> None:
        """Make a fresh copy."""
        name = self.get_body_argument("name", "")
        try:
            folder = await self.watch.fresh(name)
        except OSError as error:
            full = error.errno in FULL
            self.set_status(HTTPStatus.INSUFFICIENT_STORAGE if full else HTTPStatus.INTERNAL_SERVER_ERROR)
            why = "your home is full" if full else escape(str(error.strerror))
            await self._show(f'<p role="status">There is no fresh copy: {why}.</p>')
            return
        if not folder:
            self.set_status(HTTPStatus.NOT_FOUND)
            await self._show('<p role="status">There is no such handout.</p>')
            return
        link = f'<a href="{escape(self._tree(folder))}">{escape(folder)}</a>'
        await self._show(f'<p role="status">The fresh copy is in {link}.</p>')

    def _tree(self, folder: str) -> str:
        return f"{self.base_url}lab/tree/{quote(folder)}"

    def _row(self, one: Result) -> str:
        state = STATES.get(one.state, "")
        kept = f" {one.kept} of its names you had already: these files are yours." if one.kept else ""
        label = f"Fresh copy of {escape(one.to)}"
        button = f'<button name="name" value="{escape(one.name)}" aria-label="{label}">Fresh copy</button>'
        form = f'<form method="post">{self.xsrf_form_html()}{button}</form>'
        return f'<li><a href="{escape(self._tree(one.to))}">{escape(one.to)}</a> {form}<br>{state}{kept}</li>'

    async def _show(self, said: str) -> None:
        rows = "".join(self._row(one) for one in self.watch.results)
        listed = f"<ul>{rows}</ul>" if rows else "<p>There is none now.</p>"
        await self.finish(PAGE.format(said=said, rows=listed, lab=escape(f"{self.base_url}lab")))
