"""What must not be in the code, and how secrets are compared."""

from __future__ import annotations

import ast
import hmac
from pathlib import Path

import pytest
import yaml

from wolfpack.exporter import TokenFile, new_token
from wolfpack.exporter.problems import Problem
from wolfpack.exporter.tokens import Guard

ROOT = Path(__file__).parent.parent
FOLDERS = ("spec", "stats", "client", "exporter", "rules", "detectors", "dashboards", "cli")
FORBIDDEN = {"yaml.load", "yaml.unsafe_load", "yaml.full_load", "eval", "exec", "os.system", "marshal.loads"}
SOURCES = [file for folder in FOLDERS for file in sorted((ROOT / folder).glob("*.py"))]


def unsafe(source: str) -> list[str]:
    """Return what would run what a file or a body says: calls, and the import of pickle."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in FORBIDDEN:
            found.append(ast.unparse(node.func))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.load":
            found += ["np.load"] * ("allow_pickle=False" not in ast.unparse(node))
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [name for name in names if name.split(".")[0] in ("pickle", "dill", "cloudpickle", "shelve")]
    return found


def test_nothing_that_is_read_is_run() -> None:
    assert unsafe("import pickle\nyaml.load(x)\nnp.load(x)") == ["pickle", "yaml.load", "np.load"]
    assert {str(file): there for file in SOURCES if (there := unsafe(file.read_text()))} == {}
    assert len(SOURCES) > 100


@pytest.mark.parametrize("place", [0, 4, None], ids=["first", "last", "none"])
def test_a_token_is_compared_with_every_entry_in_constant_time(tmp_path, monkeypatch, place) -> None:
    """How long it takes says neither which entry it is like nor how far."""
    secrets, entries = zip(*[new_token(f"t{number}", None, ["read"]) for number in range(5)], strict=True)
    (tmp_path / "tokens").write_text(yaml.safe_dump(list(entries)))
    guard, compared = Guard(TokenFile(tmp_path / "tokens")), []

    def counted(one: str, other: str) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", counted)
    secret = "wp_other" if place is None else secrets[place]
    try:
        guard.check(f"Bearer {secret}", "read", None, False)
        status = 200
    except Problem as problem:
        status = problem.status

    assert compared == [(64, 64)] * 5
    assert status == (401 if place is None else 200)
    assert not any(secret in (tmp_path / "tokens").read_text() for secret in secrets)
