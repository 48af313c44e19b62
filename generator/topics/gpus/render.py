"""GPUs to lease, for the hub and the guard."""

from __future__ import annotations

from generator.core.errors import raise_all
from generator.rendering.context import Context, Rendered
from generator.site.reader import SiteFile
from generator.topics.gpus import gpus
from generator.topics.labs.render import labs_config
from generator.topics.labs.site import PROFILES


def render(context: Context) -> Rendered:
    """The pool that labs lease from.

    :raises HomeroomError: everything that is wrong with site/gpus.yaml, and profiles that want more than it has.
    """
    site, profiles = context.site, context.of(labs_config).profiles
    pool = gpus.load_here(site)
    if any(profile["gpus"] for profile in profiles):
        raise_all(list(gpus.profile_faults(SiteFile(site / PROFILES), profiles, pool)))
    return Rendered(
        hub={"gpu_access": pool.access, "gpus": pool.gpus, "gpus_per_user": pool.per_user},
        guard={
            "devices": pool.requested,
            "runtimes": ["nvidia"] if pool.gpus and pool.access == "nvidia" else [],
        },
    )
