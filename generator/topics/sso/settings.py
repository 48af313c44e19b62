"""What the web server in front shows the hub; what it says of people stands in site/sso.yaml."""

from __future__ import annotations

from generator.schema.deployment import new_secret
from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import OptionalSecret

SSO = Group(
    title="Sign-in at a web server in front",
    text="How the hub knows the web server that signs people in, where AUTH names sso. The rest is site/sso.yaml.",
    page="sign-in/sso",
    order=33,
)


class SsoSettings(Part):
    """What the web server in front shows."""

    SSO_SECRET: OptionalSecret = setting(
        "",
        About(group=SSO, consumers=("compose", "generator"), secret=True, generate=new_secret),
        """What the web server in front sends as `X-SSO-Secret`: it alone is believed who signs in. Make another with
        `openssl rand -hex 32`.""",
    )
