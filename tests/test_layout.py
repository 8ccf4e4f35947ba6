"""The house: who imports whom, what a wheel holds, and that the examples in docstrings run."""

from __future__ import annotations

import ast
import configparser
import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("spec", "stats", "client", "exporter", "rules", "detectors", "dashboards", "cli")
MAY_IMPORT = {
    "spec": set(),
    "stats": {"spec"},
    "client": {"spec", "stats"},
    "exporter": {"spec", "stats", "client"},
    "rules": {"spec", "stats", "client"},
    "detectors": {"spec", "stats", "client"},
    "dashboards": {"spec", "stats", "client"},
    "cli": {"spec", "stats", "client", "exporter", "rules", "detectors", "dashboards", "flights"},
    "flights": set(),
}
PLACES = {name: ROOT / name for name in FOLDERS} | {"flights": ROOT / "examples" / "flights"}
MODULES = sorted((name, file) for name, folder in PLACES.items() for file in folder.glob("*.py"))


def imported(file: Path) -> set[str]:
    """Return the packages of Wolfpack that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [node.module]
                if node.module != "wolfpack"
                else [f"wolfpack.{alias.name}" for alias in node.names]
            )
        found |= {name.split(".")[1] for name in names if name.startswith("wolfpack.")}
    return found


@pytest.mark.parametrize(("name", "file"), MODULES, ids=lambda value: getattr(value, "stem", value))
def test_imports_go_one_way(name: str, file: Path) -> None:
    """A folder imports only what stands above it."""
    assert imported(file) <= MAY_IMPORT[name] | {name}


def test_setup_lists_every_package_and_no_other() -> None:
    """A package that is not listed is missing from the wheel in silence."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = set(setup["options"]["packages"].split())
    placed = dict(line.split(" = ") for line in setup["options"]["package_dir"].strip().splitlines())

    assert listed == {f"wolfpack.{name}" for name in PLACES}
    assert {name: ROOT / place for name, place in placed.items()} == {
        f"wolfpack.{n}": p for n, p in PLACES.items()
    }


def test_there_is_no_wolfpack_folder() -> None:
    """A folder of that name would hide the installed namespace."""
    assert not (ROOT / "wolfpack").exists()


@pytest.mark.parametrize("name", PLACES)
def test_every_folder_is_typed_flat_and_has_a_door(name: str) -> None:
    folder = PLACES[name]
    packages = [inner for inner in folder.iterdir() if inner.is_dir() and any(inner.glob("*.py"))]

    assert (folder / "py.typed").exists()
    assert packages == []
    tree = ast.parse((folder / "__init__.py").read_text())
    doors = [
        n for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "__all__"
    ]
    names = ast.literal_eval(doors[0].value)
    assert names  # ruff keeps them sorted (RUF022)
    package = importlib.import_module(f"wolfpack.{name}")
    assert [one for one in names if not hasattr(package, one)] == []


def test_light_parts_do_not_pull_in_the_server() -> None:
    """A job imports the client without Flask and SQLAlchemy."""
    code = (
        "import sys, wolfpack.client, wolfpack.rules, wolfpack.detectors, wolfpack.dashboards;"
        "heavy = {'flask', 'sqlalchemy', 'pandas', 'polars', 'scipy.stats', 'scipy.optimize', 'sklearn'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_examples_in_docstrings_run() -> None:
    """Run over the names of modules: pytest's own collection cannot follow the mapping of folders."""
    tried = 0
    for name in PLACES:
        package = importlib.import_module(f"wolfpack.{name}")
        for module in pkgutil.iter_modules(package.__path__):
            if module.name == "__main__":
                continue
            found = doctest.testmod(importlib.import_module(f"wolfpack.{name}.{module.name}"))
            assert found.failed == 0, module.name
            tried += found.attempted

    assert tried >= 5
