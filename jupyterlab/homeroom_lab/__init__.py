"""What Homeroom adds to the server in a lab: what counts as activity, kernels that run out of memory, a full home."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "homeroom_lab"}]


def _load_jupyter_server_extension(app: Any) -> None:
    from homeroom_lab import (
        activity,
        announcements_handler,
        body_limit,
        check_handler,
        compressed,
        course_watch,
        disk_handler,
        exam_handler,
        export_formats,
        first_page,
        freed_memory,
        handouts,
        kernel_trouble,
        lazy_extensions,
        message_limit,
        prestarted_kernel_handler,
        runs_handler,
        shown_handler,
        start_files,
        visitors,
    )

    activity.install(app.web_app)
    announcements_handler.install(app.web_app)
    body_limit.install(app.web_app)
    check_handler.install(app.web_app, app.root_dir)
    compressed.install(app.web_app)
    disk_handler.install(app.web_app)
    exam_handler.install(app.web_app)
    export_formats.install(app.web_app)
    first_page.install(app.web_app)
    freed_memory.install(app.web_app)
    handouts.install(app.web_app)
    message_limit.install(app.web_app)
    kernel_trouble.install(app)
    lazy_extensions.install(app)
    runs_handler.install(app.web_app)
    prestarted_kernel_handler.install(app.web_app)
    course_watch.install(app.web_app)
    shown_handler.install(app.web_app)
    start_files.install()
    visitors.install(app.web_app)
