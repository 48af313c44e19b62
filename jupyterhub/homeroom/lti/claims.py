"""The names of LTI's claims: 1EdTech's LTI 1.3 and Deep Linking 2.0."""

from __future__ import annotations

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
MESSAGE_TYPE = CLAIM + "message_type"
VERSION = CLAIM + "version"
DEPLOYMENT_ID = CLAIM + "deployment_id"
TARGET_LINK_URI = CLAIM + "target_link_uri"
ROLES = CLAIM + "roles"
CONTEXT = CLAIM + "context"
CUSTOM = CLAIM + "custom"
EXTRA = CLAIM + "ext"
LINK = CLAIM + "resource_link"
GRADEBOOK = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
PRESENTATION = CLAIM + "launch_presentation"
DEEP_LINKING_SETTINGS = DEEP_LINKING + "deep_linking_settings"
CONTENT_ITEMS = DEEP_LINKING + "content_items"
DEEP_LINK_DATA = DEEP_LINKING + "data"


def mapping(claims: object, name: str) -> dict[str, object]:
    """A claim that is a mapping; an empty one where it is none: what a platform sends is not always what it should."""
    found = claims.get(name) if isinstance(claims, dict) else None
    return found if isinstance(found, dict) else {}


def text(values: object, name: str) -> str:
    """A value that is text; empty where it is none."""
    found = values.get(name) if isinstance(values, dict) else None
    return found.strip() if isinstance(found, str) else ""
