"""Who may do what: bearer tokens with projects and scopes, kept as hashes in a file.

The file is YAML, a list of ``{name, sha256, projects: [...] or "*", scopes: [read, write]}``. Tokens are
random with 256 bits, so a plain hash of them cannot be searched.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wolfpack.exporter.problems import Problem
from wolfpack.spec import WolfpackError

log = logging.getLogger("wolfpack.exporter")
SCOPES = ("read", "write")


@dataclass(frozen=True)
class Token:
    """One line of the tokens file."""

    name: str
    sha256: str
    projects: tuple[str, ...] | None
    scopes: tuple[str, ...]

    def allows(self, scope: str, project: str | None) -> bool:
        """Tell whether the token has the scope on the project; None stands for all projects at once."""
        return scope in self.scopes and (self.projects is None or project in self.projects)


def new_token(name: str, projects: list[str] | None, scopes: list[str]) -> tuple[str, dict[str, Any]]:
    """Return a fresh token and its entry for the tokens file."""
    token = "wp_" + secrets.token_urlsafe(32)
    return token, {
        "name": name,
        "sha256": hashlib.sha256(token.encode()).hexdigest(),
        "projects": projects if projects is not None else "*",
        "scopes": scopes,
    }


def load_tokens(path: Path) -> list[Token]:
    """Read a tokens file.

    Raises
    ------
    WolfpackError
        If the file has another form; the message names the entry.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise WolfpackError(f"{path}: is no YAML: {error}") from error
    if not isinstance(entries, list):
        raise WolfpackError(f"{path}: must be a list of tokens, as `wolfpack token new` prints them")
    return [_token(path, index, entry) for index, entry in enumerate(entries)]


def _token(path: Path, index: int, entry: Any) -> Token:
    try:
        projects = None if entry["projects"] == "*" else tuple(map(str, entry["projects"]))
        token = Token(str(entry["name"]), str(entry["sha256"]), projects, tuple(entry["scopes"]))
    except (KeyError, TypeError) as error:
        raise WolfpackError(
            f"{path}: entry {index}: {error!r}; an entry has name, sha256, projects and scopes"
        ) from error
    if not set(token.scopes) <= set(SCOPES):
        raise WolfpackError(
            f"{path}: entry {index}: scopes {token.scopes!r}; allowed are {', '.join(SCOPES)}"
        )
    if not re.fullmatch("[0-9a-f]{64}", token.sha256):
        raise WolfpackError(f"{path}: entry {index}: sha256 {token.sha256!r} is no SHA-256 in lower-case hex")
    return token


class TokenFile:
    """A tokens file that is read again whenever it was changed: a token is revoked by taking its entry out.

    While the file cannot be read, those from before stay in force.

    Raises
    ------
    WolfpackError, OSError
        If it cannot be read at the start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._tokens = load_tokens(path)
        self._well = True

    def held(self) -> Sequence[Token]:
        """Return the tokens in force."""
        with self._lock:
            try:
                stamp = self._stamp()
                if stamp != self._seen:
                    self._seen = stamp
                    self._tokens, self._well = load_tokens(self._path), True
                    log.info("%s: %d tokens are in force", self._path, len(self._tokens))
            except (OSError, WolfpackError) as error:
                if self._well:
                    log.error("the tokens from before stay in force: %s", error)
                self._well, self._seen = False, ()
            return self._tokens

    @property
    def loaded_well(self) -> bool:
        """Whether the tokens in force are those of the file as it is now."""
        self.held()
        return self._well

    def _stamp(self) -> tuple[int, ...]:
        """Return what changes when a file is written or replaced."""
        found = os.stat(self._path)
        return found.st_mtime_ns, found.st_size, found.st_ino


class Guard:
    """Decides on requests. Without tokens everything is allowed: the server then listens on loopback only.

    Parameters
    ----------
    tokens : those in force, asked at each request; None: there are none to check.
    """

    def __init__(self, tokens: TokenFile | None) -> None:
        self._tokens = tokens

    @property
    def loaded_well(self) -> bool:
        """Whether the tokens in force are those of their file as it is now."""
        return self._tokens is None or self._tokens.loaded_well

    def check(self, authorization: str | None, scope: str, project: str | None, loopback: bool) -> None:
        """Raise a Problem (401 or 403) unless the bearer may do this; reads are open on loopback."""
        if self._tokens is None or (scope == "read" and loopback):
            return
        kind, _, secret = (authorization or "").partition(" ")
        digest = hashlib.sha256(secret.encode()).hexdigest()
        held = [token for token in self._tokens.held() if hmac.compare_digest(token.sha256, digest)]
        if kind.lower() != "bearer" or not held:
            raise Problem(
                401, "Unauthorized", "send a known token as 'Authorization: Bearer TOKEN'", "Authorization"
            )
        if not held[0].allows(scope, project):
            raise Problem(
                403,
                "Forbidden",
                f"token {held[0].name!r} has no {scope} on {_what(project)}; "
                "name a project that it is for, or make another with `wolfpack token new`",
                "Authorization",
            )


def _what(project: str | None) -> str:
    return "all projects at once" if project is None else f"project {project!r}"
