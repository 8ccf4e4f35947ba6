"""Requests are let in by what they cost: writes and reads of the API take a place, bodies that are no JSON a turn."""

from __future__ import annotations

from functools import partial

import flask

from wolfpack.exporter.declaration import Endpoint, Raw
from wolfpack.exporter.pool import Pool

_OPEN = ("/metrics", "/-/")
"""Addresses that are always answered: a scrape, and whether the exporter lives."""


def admit(pool: Pool, endpoint: Endpoint) -> None:
    """Let the request in, until `release`.

    Profiles and rows wait for a turn before they are even read: what a body becomes must not be there many times.

    Raises
    ------
    Busy
        If there is no place for it.
    """
    flask.g.leave = []
    if endpoint.path.startswith(_OPEN):
        return
    places, size = pool.reads, 0
    if endpoint.method != "GET":
        places, size = pool.writes, flask.request.content_length or 0
    places.enter(size)
    flask.g.leave.append(partial(places.leave, size))
    if isinstance(endpoint.body, Raw):
        pool.turns.take()
        flask.g.turn = pool.turns.give


def end_turn() -> None:
    """Let the next one work: what is left of this request is to wait for the disk."""
    give = flask.g.pop("turn", None)
    if give is not None:
        give()


def release() -> None:
    """Let the request go, whatever became of it."""
    end_turn()
    for leave in flask.g.pop("leave", ()):
        leave()
