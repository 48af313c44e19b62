"""A Flask application that knows the path at which it is seen: `homeroom-app` has `flask --app` take it from here.

Flask makes addresses from what it is asked for. The path before that comes in `X-Forwarded-Prefix`, which it heeds with
this middleware alone. https://flask.palletsprojects.com/en/stable/deploying/proxy_fix/
"""

import os

from flask import Flask
from flask.cli import ScriptInfo
from werkzeug.middleware.proxy_fix import ProxyFix


def create_app() -> Flask:
    """The application that HOMEROOM_FLASK_APP names, as `flask --app` does; without it, the one that Flask finds."""
    app = ScriptInfo(os.environ.get("HOMEROOM_FLASK_APP") or None).load_app()
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)
    return app
