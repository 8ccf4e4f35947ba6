"""Pages for people: how times and numbers read, and what a browser may do with a page."""

from __future__ import annotations

from typing import Any

import flask
from markupsafe import Markup, escape

from wolfpack.exporter.clock import utc
from wolfpack.exporter.declaration import Parameter, Raw

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"
PAGE = Raw("a page for people", ("text/html",))


def optional(name: str, meaning: str) -> Parameter:
    return Parameter(name, meaning, needed=False)


def time_text(seconds: float | None) -> str:
    return "none yet" if seconds is None else utc(seconds).strftime("%Y-%m-%d %H:%M UTC")


def number_text(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value == int(value) else f"{value:.4g}"


def sentence(text: str) -> Markup:
    """Return a sentence whose names stand between backticks as they are elsewhere on a page."""
    parts = escape(text).split("`")
    code = Markup("<code>{}</code>").format
    return Markup("").join(code(one) if at % 2 else one for at, one in enumerate(parts))


FILTERS = {"time": time_text, "number": number_text, "sentence": sentence}
"""Filters of the templates, by name."""


def page(template: str, **values: Any) -> flask.Response:
    """Return a page that runs and loads nothing but what is ours."""
    answer = flask.Response(flask.render_template(template, **values), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer
