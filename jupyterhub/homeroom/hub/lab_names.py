"""Which names of hosts are those of a user's labs: the edge asks before it has a certificate made for one."""

from __future__ import annotations

from typing import Any

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from homeroom.hub.labs_host import LabsHost
from jupyterhub import orm

EDGE = "127.0.0.1"
"""Where the edge asks from: nobody else comes from there, since visitors are seen with the address they have there."""


class LabNameHandler(BaseHandler):
    """`/hub/homeroom/lab-name?domain=NAME`."""

    def get(self) -> None:
        """Answer 200 where it is the name of somebody's labs.

        :raises HTTPError: 404, it is not; or somebody else than the edge asks.
        """
        asked = self.get_query_argument("domain", "")
        if self.request.remote_ip != EDGE or not is_known(self.db, self.settings["subdomain_hook"], asked):
            raise web.HTTPError(404)
        self.finish()


def is_known(db: Any, labs_host: LabsHost, host: str) -> bool:
    """Whether a user has their labs there.

    :param db: a session of the hub's database.
    """
    name, _, parent = host.partition(".")
    if parent != labs_host.name:
        return False
    if "--" not in name:  # it stands for itself
        return labs_host(name) == host and orm.User.find(db, name) is not None
    return any(labs_host(each) == host for (each,) in db.query(orm.User.name))
