"""What pages say of how long files are kept, and of groups that end."""

from __future__ import annotations

from typing import Any

from generator.rendering.context import Context, Rendered
from generator.topics.people import ends, leaving


def render(context: Context) -> Rendered:
    """Numbers of days, and the groups where one ends."""
    settings = context.settings
    rules: dict[str, Any] = {
        name: {"members": sorted(rule.members), "ends": rule.ends.isoformat() if rule.ends else ""}
        for name, rule in leaving.rules(context.site).items()
    }
    notice = max(ends.notice_days(settings.GROUP_END_NOTICE_DAYS))
    return Rendered(
        hub={
            "retention_days": settings.RETENTION_DAYS,
            "group_ends": {"notice_days": notice, "groups": rules},
        }
    )
