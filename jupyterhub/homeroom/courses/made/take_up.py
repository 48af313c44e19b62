"""Has the hub go by the made courses beside those of the file, within seconds of each change."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from homeroom.courses.courses_file import Courses
from homeroom.courses.made import form, records


def site_groups(config: Any) -> form.SiteGroups:
    """The groups of `site/groups.yaml`."""
    found = config.LabSpawner.get("groups", {}) if "LabSpawner" in config else {}
    return dict(found)


def take_up(config: Any, db: Session) -> Courses:
    """Look which made courses there are, and read those anew where one changed."""
    courses = Courses.instance(config=config)
    versions = records.versions(db)
    if courses.made_versions != versions:
        groups = site_groups(config)
        made = [form.as_told(each.name, each.values, groups) for each in records.all_kept(db)]
        courses.give_made(made, versions)
    return courses
