"""What applications are told about where they are seen, by the environment of kernels and terminals.

Each framework has its own word for it, and some want to know the port with it: they get that of their usual port.
`homeroom-app` starts any of them on another one.
"""

from __future__ import annotations

from collections.abc import Mapping

DASH_PORT = 8050
GRADIO_PORT = 7860


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """What is to be added to an environment, whose own values stay; nothing outside a hub.

    :param environment: JUPYTERHUB_SERVICE_PREFIX is the lab's path.
    """
    prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX")
    if not prefix:
        return {}
    proxy = f"{prefix.rstrip('/')}/proxy"
    wanted = {
        "DASH_REQUESTS_PATHNAME_PREFIX": f"{proxy}/{DASH_PORT}/",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_ROOT_PATH": f"{proxy}/{GRADIO_PORT}",
        "HOMEROOM_APPS": proxy,
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
        "STREAMLIT_SERVER_HEADLESS": "true",
        "TENSORBOARD_PROXY_URL": f"{proxy}/%PORT%/",
    }
    return {name: value for name, value in wanted.items() if name not in environment}
