"""`/hub/homeroom/git-link`: makes the link that fetches a repository into the lab of whoever follows it."""

from __future__ import annotations

from urllib.parse import urlsplit

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from homeroom.hub.lab_pages import pull_path
from homeroom.texts.refusal import Refusal

FIELDS = ("repo", "branch", "open")
LONGEST = 1000


class LinkHandler(BaseHandler):
    """A form that is sent back to this page, which shows the link: nothing is kept, and no script is needed."""

    @web.authenticated
    async def get(self) -> None:
        """Show it. :raises HTTPError: 404, labs here fetch no repositories."""
        known = self.settings["template_vars"]
        if not known["git_links"]:
            raise Refusal(404, "handouts.link.no_feature")
        given = {name: self.get_argument(name, "").strip()[:LONGEST] for name in FIELDS}
        link = link_to(known["public_url"], given["repo"], given["branch"], given["open"])
        wrong = bool(given["repo"]) and not link
        self.set_status(400 if wrong else 200)
        page = await self.render_template("git-link.html", given=given, link=link, wrong=wrong)
        self.finish(page)


def link_to(public_url: str, repository: str, branch: str, file: str) -> str:
    """The whole link; empty where the address is none of a repository, or holds a name or password: a link is seen by
    all who follow it."""
    path = pull_path(public_url, repository, branch, file)
    if not path or "@" in urlsplit(repository).netloc:
        return ""
    return urlsplit(public_url)._replace(path="", query="", fragment="").geturl() + path
