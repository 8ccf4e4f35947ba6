"""Parameters of the query that several endpoints take."""

from __future__ import annotations

from wolfpack.exporter.declaration import Parameter
from wolfpack.spec.vocabulary import NAME

ROLES = ("input", "prediction")
"""Roles that profiles come in; labels are joined by key and are never profiled."""
LIMIT = 1_000
"""Most entries of a page."""
FAR = 1e12
"""Epoch seconds after all times."""

LINE = r"^[^\x00-\x1f\x7f-\x9f]{0,128}$"
"""What can be a label value."""

PROJECT = Parameter("project", "project of the model")
MODEL = Parameter("model", "a model that a spec describes")
COLUMN = Parameter("column", "a column of the model")
VERSION = Parameter(
    "version",
    "which build made the rows; a name of 64 letters, digits, `.`, `_` and `-` at most",
    "0",
    pattern=f"^{NAME.pattern}$",
)
PART = Parameter("part", "name of the delivery, 128 characters at most", "", pattern=LINE)
JOB = Parameter(
    "job", "name of the job that sent it, 128 characters at most; kept with the part", "", pattern=LINE
)
AT = Parameter(
    "at",
    "a date or RFC 3339 time; the pane that contains it. Without a zone it is in the spec's `timezone`",
)
ROLE = Parameter(
    "role", "what the columns are to the model", "input", allowed=ROLES, instead="labels go to /api/v1/labels"
)
KEY = Parameter("key", "name of the key column; `label.key` of the spec if not given", needed=False)

ONE = (PROJECT, MODEL)
"""Which model something is about."""
WRITE = (*ONE, VERSION, PART, JOB)
"""What is said of a delivery."""

PAGE = (
    Parameter("limit", "most entries of the page", str(LIMIT), numbers=(1, LIMIT)),
    Parameter("cursor", "`next` of the page before", needed=False),
)
"""Which page of a list."""
