"""As docker-stacks' own: on all addresses, and no browser."""

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - given by the loader

c.ServerApp.ip = "0.0.0.0"
c.ServerApp.open_browser = False
c.InlineBackend.figure_formats = {"png", "jpeg", "svg", "pdf"}
