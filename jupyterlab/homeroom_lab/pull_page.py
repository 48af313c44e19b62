"""`git-pull`: the page that waits while a link's repository is fetched, and says in words what is wrong with it.

Upstream's page says of each of our refusals that it is an unexpected error, and shows a traceback; while it waits it
shows jokes. What this page needs is upstream's: `git-pull/api` tells how far it is.
https://github.com/jupyterhub/nbgitpuller/blob/1.3.0/nbgitpuller/templates/status.html
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from homeroom_lab.remote import PullRefused, inner_target, shown

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Fetching a repository</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root {{ color-scheme: light dark }} body {{ font: 16px/1.5 sans-serif; max-width: 44rem; margin: 2rem auto;
padding: 0 1rem; overflow-wrap: anywhere }} progress {{ width: 100% }} [hidden] {{ display: none }}
[role=alert] {{ border-left: 4px solid #b00020; padding: 0 1rem }}
.do {{ display: inline-block; margin: 0 1rem .75rem 0; padding: .4rem 1rem; border: 1px solid; border-radius: 4px;
color: inherit; text-decoration: none }}
pre {{ white-space: pre-wrap; font-size: 14px; border: 1px solid; padding: .5rem; max-height: 20rem; overflow: auto }}
</style></head><body><main>
<h1 id="title">Fetching the repository</h1>
<p id="what"><code>{repository}</code> comes into the folder <code>{folder}</code> of your files. What you changed there
stays.</p>
<noscript><p role="alert">This page needs JavaScript, as the lab does.</p></noscript>
<progress id="progress" aria-labelledby="title"></progress>
<div id="refused" hidden>
<p role="alert" id="why"></p>
<p id="aside" hidden>It can be set aside: then it stays as it is, under a name that ends with <code>_backup</code> and
the time, and the repository is fetched anew.</p>
<p><a class="do" id="again" href="{again}">Try again</a><a class="do" id="set-aside" href="{set_aside}" hidden>Set my
folder aside and fetch it anew</a><a class="do" id="without" href="{without}">{without_label}</a></p>
</div>
<details><summary>What Git says</summary><pre id="log"></pre></details>
</main><script>
const find = (id) => document.getElementById(id);
const refuse = (why, aside) => {{
  find("title").textContent = "The repository was not fetched";
  find("what").hidden = find("progress").hidden = true;
  find("refused").hidden = false;
  find("why").textContent = why;
  find("aside").hidden = find("set-aside").hidden = !aside;
}};
const events = new EventSource({api});
events.onmessage = (event) => {{
  const now = JSON.parse(event.data);
  if (now.phase === "syncing") {{
    find("log").textContent += now.output;
    return;
  }}
  events.close();
  if (now.phase === "finished") {{
    window.location.replace({opens}); // a way back leads to where the link was, and fetches nothing
  }} else {{
    refuse(now.message, now.aside);
  }}
}};
events.onerror = () => {{
  events.close();
  refuse("The lab did not answer. It may have been stopped.", false);
}};
</script></body></html>
"""


def opened_path(urlpath: str, folder: str, subpath: str) -> str:
    """What the link opens, below the lab's own address: a page, or a file of the repository in JupyterLab.

    :param urlpath: as nbgitpuller's links have it, with names of files as they are; empty: the file.
    """
    if not urlpath:
        inner = posixpath.normpath(posixpath.join(folder, subpath or "."))
        return f"lab/tree/{quote(inner)}"
    path, mark, query = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", urlpath).partition("?")
    parts = [part for part in path.replace("\\", "/").split("/") if unquote(part) not in ("", ".", "..")]
    return quote("/".join(parts), safe="/%#~!$&'()*+,;=:@") + mark + quote(query, safe="/%#~!$&'()*+,;=:@?")


def folder_of(repository: str) -> str:
    """The folder that a link means which names none."""
    return repository.rstrip("/").rsplit("/", 1)[-1]


def page(base_url: str, root: str, asked: dict[str, str], token: str) -> str:
    """The page for a link's parameters.

    :param root: the folder that the lab's page shows.
    :param token: shows to `git-pull/api` that this page asks, and none of another website.
    """
    repository = asked["repo"]
    folder = asked.get("targetpath") or asked.get("targetPath") or folder_of(repository)
    given = asked.get("urlpath") or asked.get("urlPath") or ""
    opens = base_url + opened_path(given, folder, asked.get("subpath") or asked.get("subPath") or "")
    kept = {name: asked[name] for name in ("branch", "backup") if asked.get(name)}
    kept |= {"depth": asked["depth"]} if asked.get("depth", "").isdecimal() else {}
    api = f"{base_url}git-pull/api?" + urlencode({"_xsrf": token, "repo": repository, "targetpath": folder, **kept})
    link = {name: value for name, value in asked.items() if name != "backup"}
    is_there = _is_there(root, folder)
    return PAGE.format(
        repository=escape(shown(repository)),
        folder=escape(folder),
        again=escape(f"{base_url}git-pull?{urlencode(link)}"),
        set_aside=escape(f"{base_url}git-pull?{urlencode({**link, 'backup': 'true'})}"),
        without=escape(opens if is_there else f"{base_url}lab"),
        without_label="Go on with what you have" if is_there else "Open the lab without it",
        api=_for_script(api),
        opens=_for_script(opens),
    )


def _is_there(root: str, folder: str) -> bool:
    try:
        return Path(inner_target(root, folder)).is_dir()
    except (PullRefused, ValueError, OSError):
        return False


def _for_script(value: str) -> str:
    """A value as a script within a page has it: nothing in it ends the script."""
    return json.dumps(value).replace("<", "\\u003c")


class Unlocked:
    """Stands for the lock by which upstream refuses a second link: those of one folder wait (`LinkPuller`)."""

    async def acquire(self, _: float) -> None:
        """At once."""

    def release(self) -> None:
        """Nothing is held."""


def without_traceback(told: dict[str, Any]) -> dict[str, Any]:
    """What the page is told of an error: the message alone, and whether the person's own folder is in the way."""
    return {"phase": "error", "message": told["message"], "aside": told.get("error", {}).get("code") == "aside"}


def install() -> None:
    """Have nbgitpuller show this page, and tell it of refusals in words."""
    from nbgitpuller import errors, handlers
    from tornado import web

    class RefusalError(errors.GitPullerError):
        """An error as the page is told of it."""

        @classmethod
        def from_exception(cls, exc: Exception) -> Any:
            """The same message, and whose folder is in the way."""
            aside = isinstance(exc, PullRefused) and exc.can_be_set_aside
            return cls("aside" if aside else "refused", str(exc), errors.GitPullerError.format_traceback(exc))

    class ApiHandler(handlers.SyncHandler):
        """Tells how far it is."""

        git_lock = Unlocked()

        async def emit(self, data: Any) -> None:
            """Tell the page. What went wrong is in the lab's log, whole."""
            await super().emit(without_traceback(data) if data.get("phase") == "error" else data)

    class PageHandler(handlers.UIHandler):
        """The page."""

        @web.authenticated
        async def get(self) -> None:
            """Show it. :raises HTTPError: 400, the link names no repository."""
            asked = {name: values[-1] for name, values in parse_qs(urlsplit(self.request.uri).query).items()}
            if "repo" not in asked:
                raise web.HTTPError(400, "This link names no repository.")
            root = os.path.expanduser(self.settings["server_root_dir"])  # noqa: PTH111 - as upstream has it
            await self.finish(page(self.base_url, root, asked, self.xsrf_token.decode()))

    handlers.GitPullerError = RefusalError
    handlers.SyncHandler, handlers.UIHandler = ApiHandler, PageHandler
