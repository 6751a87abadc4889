"""What is different in Oracul's Superset: where a viewer begins, how a page is refused, and a fault
of Superset 6.1 that is mended."""

from typing import Any

_REFUSAL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Not open to you - Oracul</title></head>
<body style="font-family: Inter, Helvetica, sans-serif; margin: 15vh auto; max-width: 30em">
<h1>This page is not open to you</h1>
<p>Your role does not let you in here. An administrator of this Superset can change that.</p>
<p><a href="/superset/dashboard/{first}/">To the dashboards</a></p>
</body></html>
"""


def adapt(app: Any, first: str) -> None:
    """Change the application, before it serves. `first` is the dashboard to begin with."""
    _begin_with_a_dashboard(app, first)
    _refuse_pages_as_pages(app, first)
    _keep_limits_of_questions()


def _begin_with_a_dashboard(app: Any, first: str) -> None:
    """The page of welcome offers what a viewer may not do."""
    from flask import redirect, request
    from flask_login import current_user
    from superset import security_manager

    @app.before_request
    def to_the_first_dashboard() -> Any:
        if (
            request.path == "/superset/welcome/"
            and current_user.is_authenticated
            and not security_manager.can_access("can_write", "Chart")
        ):
            return redirect(f"/superset/dashboard/{first}/")
        return None


def _refuse_pages_as_pages(app: Any, first: str) -> None:
    """People who open a page are told so in words; programs still get JSON."""
    from flask import request
    from werkzeug.exceptions import Forbidden, HTTPException

    as_json = app.error_handler_spec[None][None][HTTPException]

    @app.errorhandler(Forbidden)
    def refuse(error: Forbidden) -> Any:
        # Programs accept whatever comes; a browser names HTML.
        if "text/html" in request.headers.get("Accept", ""):
            return _REFUSAL.format(first=first), 403
        return as_json(error)


def _keep_limits_of_questions() -> None:
    """SQL Lab would ask for a thousand rows where the statement says `limit 5`.

    It reads the statement's limit after it has committed the question, and runs it in a session of
    its own, which sees the limit from before (apache/superset#40070).
    """
    from superset.commands.sql_lab.execute import ExecuteSqlCommand
    from superset.extensions import db

    set_limit = ExecuteSqlCommand._set_query_limit_if_required

    def set_and_keep(self: Any, rendered_query: str) -> None:
        set_limit(self, rendered_query)
        db.session.commit()

    ExecuteSqlCommand._set_query_limit_if_required = set_and_keep
