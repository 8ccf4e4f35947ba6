"""The text of a first spec: YAML whose comments say what was seen and what is only a guess."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import get_args

import yaml

from wolfpack.cli.looks import Look
from wolfpack.spec import Spec, WolfpackError
from wolfpack.spec.model import Column
from wolfpack.stats import ColumnState

KINDS = get_args(get_args(Column.model_fields["type"].annotation)[0])


def write(looks: Sequence[Look], *, project: str, model: str, table: str, out: str) -> str:
    """Return the spec; what is not sure stands in comments.

    Raises
    ------
    WolfpackError
        If it would be no spec, as with a name that is not allowed.
    """
    times = [one.name for one in looks if one.role == "time"]
    segments = [one for one in looks if one.is_segment]
    flags = [f"--by {_word(one.name)}" for one in segments[:1]]
    flags += [f"--time {_word(name)} --every 1d" for name in times[:1]]
    source, target = _word(table), _word(out)
    lines = [
        f"# A first spec, written by `wolfpack init` from {looks[0].state.rows:,} rows of {source}.",
        "# Correct it; then",
        f"#   wolfpack check {target}",
        f"#   {' '.join(['wolfpack profile', source, '-o reference.profile', *flags])}",
        "version: wolfpack/v1",
        f"project: {_scalar(project)}",
        f"model: {_scalar(model)}",
        "# owner: who gets the alerts; default: the project",
        "every: 1d  # how often a table comes",
        "window: 7d  # what is compared with the reference",
        '# schedule: "0 6 * * *"  # when a day\'s table is there; default: at midnight',
        "timezone: UTC  # where days begin",
        *([f"# Times, for --time and not inputs: {_listed(times)}"] if times else []),
        *_columns(looks),
        *_outputs(looks),
        *_segments(segments),
    ]
    text = "\n".join(lines) + "\n"
    try:
        Spec.model_validate(yaml.safe_load(text))
    except ValueError as error:
        raise WolfpackError(f"{out}: would be no spec: {error}") from None
    return text


def _columns(looks: Sequence[Look]) -> list[str]:
    inputs = [one for one in looks if one.role == "input"]
    known = [one for one in inputs if one.state.kind in KINDS]
    lines = [
        f"# {_word(one.name)} is left out: {one.type} is only counted" for one in inputs if one not in known
    ]
    named = [
        f"  {_scalar(one.name)}: {{type: {one.state.kind}}}  # {_described(one, one.state)}" for one in known
    ]
    return [*lines, "columns:", *named] if named else lines


def _described(one: Look, state: ColumnState) -> str:
    words = [f"{state.missing / state.rows:.2%} missing".replace("%", " %")] if state.missing else []
    low, high = state.minimum, state.maximum
    if low is not None and high is not None and low < high:
        words.append(f"{low:.6g} to {high:.6g}")
        words.append(f"if no other can be right: range: {_range(*outward(low, high))}")
    elif low is not None:
        words.append(f"always {low:.6g}")
    elif state.kind == "categorical":
        shown = ", ".join(map(_word, one.words[:3])) + (", …" if one.values > 3 else "")
        words.append(f"{one.values:,} values: {shown}")
    return "; ".join(words) or "never missing"


def outward(low: float, high: float) -> tuple[float, float]:
    """Return round numbers around low < high: multiples of a power of ten, about a tenth of their distance.

    Examples
    --------
    >>> outward(-43, 1301), outward(0.012, 0.987)
    ((-100.0, 1400.0), (0.0, 1.0))
    """
    step = 10.0 ** (round(math.log10(high - low)) - 1)
    digits = max(0, -round(math.log10(step)))
    ends = round(math.floor(low / step) * step, digits), round(math.ceil(high / step) * step, digits)
    return min(ends[0], low), max(ends[1], high)


def _outputs(looks: Sequence[Look]) -> list[str]:
    """Return the lines of prediction and label; one candidate is taken, of several the user chooses."""
    scores, labels, keys = (
        [one for one in looks if one.role == role] for role in ("prediction", "label", "key")
    )
    score, label, key = (found[0] if found else None for found in (scores, labels, keys))
    lines = [_choice("Predictions, by name", scores)] if scores else []
    task = "binary, range: [0, 1]" if score and _ratio(score.state) else "regression"
    sure = "" if len(scores) == 1 else "# "
    lines.append(f"{sure}prediction: {{column: {_scalar(score.name) if score else 'SCORE'}, task: {task}}}")
    looked = f" (no value twice in the first {key.looked_at:,} rows)" if key else ""
    lines += [_choice(f"Keys{looked}", keys)] if keys else []
    lines += [_choice("Labels, by name and values", labels)] if labels else []
    sure = "" if len(labels) == len(keys) == 1 else "# "
    truth, joins = (_scalar(one.name) if one else word for one, word in ((label, "LATE"), (key, "ID")))
    return [
        *lines,
        f"{sure}label: {{column: {truth}, key: {joins}, matures_after: 1d}}  # truth, a day later",
    ]


def _ratio(state: ColumnState) -> bool:
    return (
        state.minimum is not None and state.maximum is not None and 0 <= state.minimum <= state.maximum <= 1
    )


def _choice(what: str, looks: Sequence[Look]) -> str:
    return f"# {what}: {_listed(one.name for one in looks)}"


def _segments(found: Sequence[Look]) -> list[str]:
    if not found:
        return ["# segments: {}  # no column has 2 to 20 values"]
    lines = ["# What could be kept apart; each has series of its own, so name those that someone asks for."]
    lines.append("# segments:")
    return lines + [f"#   {_scalar(one.name)}: {{}}  # {one.values} values" for one in found]


def _scalar(text: str) -> str:
    """Return text as YAML within a line: quoted if it would be read as something else."""
    dumped: str = yaml.safe_dump(text, default_flow_style=True, width=10**6, allow_unicode=True)
    return dumped.removesuffix("\n...\n").removesuffix("\n")


def _word(text: str) -> str:
    """Return text for a comment: quoted if it is no plain word, always within the line."""
    plain = text.replace("/", "").replace(".", "").replace("-", "").replace("_", "").isalnum()
    return text if plain else json.dumps(text[:80], ensure_ascii=True)


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(map(_word, shown[:20])) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "")


def _range(low: float, high: float) -> str:
    return "[" + ", ".join(f"{end:.15g}" for end in (low, high)) + "]"
