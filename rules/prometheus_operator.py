"""Rule files as resources of the Prometheus Operator, one `PrometheusRule` for each."""

from __future__ import annotations

import re
from collections.abc import Mapping

from wolfpack.rules.yaml_text import HEADER, yaml_text

FOLDER = "operator"
PART_OF = "app.kubernetes.io/part-of"
LABEL = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
    r"=(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?"
)
"""Key and value of a label as Kubernetes takes them, with a `=` between."""


def operator_files(files: Mapping[str, str], labels: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a resource for each rule file among generated files, by path beside them.

    Parameters
    ----------
    files : what `generate` returns.
    labels : labels of every resource, which a Prometheus selects its rules by.

    Raises
    ------
    ValueError
        If two rule files have one name in Kubernetes, which knows no capitals.
    """
    found: dict[str, str] = {}
    for path, text in files.items():
        if path.startswith("rules/"):
            name = _name(path.removeprefix("rules/").removesuffix(".yml"))
            file = f"{FOLDER}/{name}.yml"
            if file in found:
                raise ValueError(
                    f"{path}: its resource would be named {name!r}, as another file's is; rename one of the two models"
                )
            found[file] = _resource(name, text, labels or {})
    return found


def parse_labels(texts: tuple[str, ...]) -> dict[str, str]:
    """Read ``KEY=VALUE``; raise ValueError of one that is no label of Kubernetes."""
    for text in texts:
        if not LABEL.fullmatch(text):
            raise ValueError(f"--label {text!r}: is no label of Kubernetes; write KEY=VALUE, as in release=prometheus")
    return dict(text.split("=", 1) for text in texts)


def _name(file: str) -> str:
    """Return the name of a resource: small letters, digits and dashes."""
    plain = re.sub(r"[^a-z0-9]+", "-", file.lower()).strip("-")
    return plain if plain == "wolfpack" else f"wolfpack-{plain}"


def _resource(name: str, text: str, labels: Mapping[str, str]) -> str:
    head = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name, "labels": {PART_OF: "wolfpack", **labels}},
    }
    rules = text.removeprefix(f"# {HEADER}\n").splitlines()
    return yaml_text(head) + "spec:\n" + "".join(f"  {line}\n" if line else "\n" for line in rules)
