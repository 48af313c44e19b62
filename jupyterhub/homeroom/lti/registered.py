"""Platforms that registered themselves, and the parts of them that were allowed."""

from __future__ import annotations

import json
import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from homeroom.lti import platform
from homeroom.lti.platform import Platform
from homeroom.lti.records import Invitation, RegisteredPlatform, SeenDeployment, purge
from homeroom.sign_in.one_use import hashed

MOST_WAITING = 100
"""Parts of a platform that wait to be allowed; further ones are refused without being noted."""


def platforms(db: Session) -> list[Platform]:
    """The registered platforms, with the deployments that were allowed."""
    allowed: Any = (SeenDeployment.platform == RegisteredPlatform.name) & SeenDeployment.allowed.is_(True)
    columns = (RegisteredPlatform.name, RegisteredPlatform.data, SeenDeployment.deployment_id)
    query = select(*columns).join(SeenDeployment, allowed, isouter=True).order_by(RegisteredPlatform.name)
    found: dict[str, tuple[str, list[str]]] = {}
    for name, data, deployment_id in db.execute(query):
        deployments = found.setdefault(str(name), (str(data), []))[1]
        if deployment_id is not None:
            deployments.append(str(deployment_id))
    return [
        platform.read({**json.loads(data), "deployment_ids": deployments}, registered=True)
        for data, deployments in found.values()
    ]


def note_deployment(db: Session, come_from: Platform, deployment_id: str) -> None:
    """Note from which part of a registered platform a valid launch came, so that it can be allowed."""
    if deployment_id in come_from.deployment_ids or not deployment_id or len(deployment_id) > 255:
        return
    waiting = db.query(SeenDeployment).filter_by(platform=come_from.name, allowed=False)
    if waiting.count() < MOST_WAITING:
        db.merge(SeenDeployment(platform=come_from.name, deployment_id=deployment_id, allowed=False))
        db.commit()


def keep(db: Session, name: str, values: dict[str, Any], deployment_id: str) -> None:
    """Keep a platform that has registered itself, in place of an earlier one of this name. The caller commits."""
    db.query(SeenDeployment).filter_by(platform=name).delete()
    db.merge(RegisteredPlatform(name=name, data=json.dumps({**values, "name": name})))
    if deployment_id:
        db.merge(SeenDeployment(platform=name, deployment_id=deployment_id, allowed=True))


def take_invitation(db: Session, token: str) -> Invitation | None:
    """The invitation of this token, which nobody else can use from now on; None where there is none."""
    purge(db, Invitation, int(time.time()))
    found = db.get(Invitation, hashed(token), populate_existing=True)
    taken = db.query(Invitation).filter_by(token=hashed(token)).delete(synchronize_session=False)
    if found is not None:
        db.expunge(found)
    db.commit()
    return found if taken else None


def give_back(db: Session, invitation: Invitation) -> None:
    """Make an invitation good again whose registration came to nothing."""
    db.add(Invitation(token=invitation.token, name=invitation.name, expires=invitation.expires))
    db.commit()
