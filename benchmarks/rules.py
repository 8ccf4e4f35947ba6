"""What the rules of 100 models cost Prometheus, and how fast they are made: `python -m benchmarks.rules`.

One table in markdown. Each model has 100 columns and 20 values of a segment, the default exposure, and a spec of five
lines. What a model exposes is what the exporter shows of one after a reference and a day; it is shown under the names
of all of them, for to compute it a hundred times is not what is measured. Of one model in ten a seventh of the columns
drifts; then, in a Prometheus of its own, of all of them, for an alert that is active costs more than a rule: its texts
are templates, which Prometheus parses each time. A real Prometheus scrapes the exporter's own server and evaluates the
generated rules; every range that they look back over holds 15 samples, as in production. That is checked at the end:
where a scrape failed or was late, or an evaluation left out, no number is printed.

Last, again in a Prometheus of its own over the same series, the same alerts are written as most shops write them: one
rule for each column. They are loaded for one of the models, and the cost is compared by model; both at once would only
wait for each other.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
import pyarrow as pa
import requests
import yaml

from benchmarks.exposition import serving, show
from benchmarks.machine import describe
from benchmarks.report import markdown
from wolfpack import flights, rules
from wolfpack.cli import servers
from wolfpack.exporter import Service, create_app, open_service
from wolfpack.exporter.history import Shown
from wolfpack.exporter.registry import Known
from wolfpack.exporter.sample import Key
from wolfpack.rules.alert import Absent, Alert, Clause, Condition, Matcher, Relative, Selector
from wolfpack.rules.promql import expression
from wolfpack.rules.tsdb import version
from wolfpack.spec import Budget, Loaded, load, load_all, names
from wolfpack.stats import Profile, profile

SPEC = "version: wolfpack/v1\nproject: {project}\nmodel: {model}\nsegments: {{region: {{}}}}\n"
PROJECTS = 20
DAY = 86400
SHIFTED, STEADY = 1, 7
"""Seeds of a day in which every seventh column drifts, and of one in which none does."""
FEW = 10
"""One model in so many drifts."""
OWN = (names.MODEL_INFO.name, names.WINDOW_DUE.name)
"""Families that the exporter shows of every model by itself."""


@dataclass(frozen=True)
class Sizes:
    """How much there is of what; `scrape` and `evaluation` are in seconds.

    `samples` are those in the range that rules look back over: 15 minutes at a scrape every minute, in production.
    """

    models: int
    columns: int
    values: int
    peers: int
    evaluations: int
    specs: int
    scrape: int = 10
    evaluation: int = 20
    samples: int = 15

    @property
    def timing(self) -> rules.Timing:
        lookback = self.samples * self.scrape
        return rules.Timing(evaluation=self.evaluation, for_=2 * self.evaluation, lookback=lookback)


FULL = Sizes(models=100, columns=100, values=20, peers=1, evaluations=6, specs=1000)
QUICK = Sizes(models=2, columns=5, values=3, peers=1, evaluations=2, specs=4, scrape=1, evaluation=1, samples=3)


def table(sizes: Sizes, days: int, seed: int) -> pa.Table:
    """Return rows of normal columns and a segment; by seeds below seven each seventh column is shifted."""
    random, count = np.random.default_rng(seed), 2000 * days
    found: dict[str, Any] = {
        f"feature_{place:03}": random.normal(0.3 * (place % 7 == seed), 1, count) for place in range(sizes.columns)
    }
    return pa.table(found | {"region": [f"region {row % sizes.values:02}" for row in range(count)]})


def exporter(folder: Path, sizes: Sizes) -> tuple[Service, list[Loaded]]:
    """Return an exporter that shows the models, and their specs."""
    for number in range(sizes.models):
        text = SPEC.format(project=f"project-{number % PROJECTS:02}", model=f"model-{number:03}")
        (folder / f"{number:03}.yml").write_text(text)
    service = open_service([folder], f"sqlite:///{folder / 'ledger.db'}", replay=True, budget=Budget(1_000_000))
    http = create_app(service).test_client()
    yesterday = (time.time() // DAY - 0.5) * DAY
    service.set_clock(yesterday)
    for known, seed in zip(service.registry.all()[:2], (SHIFTED, STEADY), strict=True):
        name = {"project": known.spec.project, "model": known.spec.model}
        base = profile(table(sizes, 5, 2 * STEADY), by=["region"])
        http.put("/api/v1/projects/{project}/models/{model}/reference".format(**name), data=base.to_bytes())
        _send(http, name, yesterday, profile(table(sizes, 1, seed), baseline=base))
    service.set_clock(yesterday + DAY)
    drifting, steady = (shown_of(service, known) for known in service.registry.all()[:2])
    for place, known in enumerate(service.registry.all()):
        show_as(service, known, steady if place % FEW else drifting)
    return service, load_all([folder])


def shown_of(service: Service, known: Known) -> dict[Key, Shown]:
    """Return what is shown of a model, but for what the exporter shows of every model by itself."""
    return {key: one for key, one in service.shelf.shown(known.id).items() if key[0] not in OWN}


def show_as(service: Service, known: Known, model: dict[Key, Shown]) -> None:
    """Show of a model what another one shows, under its own name."""
    spec = known.spec
    show(service, known.id, {_renamed(key, spec.project, spec.model): one for key, one in model.items()})


def _send(http: Any, name: dict[str, str], day: float, its: Profile) -> None:
    at = time.strftime("%Y-%m-%d", time.gmtime(day))
    answer = http.post("/api/v1/profiles", query_string=name | {"at": at, "role": "input"}, data=its.to_bytes(),
                       content_type="application/octet-stream")  # fmt: skip
    assert answer.status_code == 200, answer.text


def _renamed(key: Key, project: str, model: str) -> Key:
    return key[0], (project, model, *key[1][2:])


def per_column(loaded: Loaded, columns: list[str], timing: rules.Timing) -> list[dict[str, str]]:
    """Return the alerts of a model as one rule for each column; those that are of no column stay one."""
    found = []
    for alert in rules.alerts_for(loaded.spec):
        for one in [_pinned(alert, column) for column in columns] if "column" in alert.by else [alert]:
            found.append({"alert": one.name, "expr": expression(one, timing.lookback), "for": f"{timing.for_}s"})
    return found


def _pinned(alert: Alert, column: str) -> Alert:
    def selector(its: Selector) -> Selector:
        return replace(its, matchers=(*its.matchers, Matcher("column", (column,))))

    def clause(its: Clause) -> Clause:
        if isinstance(its, Absent):
            return Absent(selector(its.selector))
        operand = its.operand
        if isinstance(operand, Relative):
            operand = replace(operand, selector=selector(operand.selector))
        return Condition(selector(its.selector), its.op, operand)

    return replace(alert, any_of=tuple(tuple(map(clause, clauses)) for clauses in alert.any_of))


def write_rules(folder: Path, loaded: list[Loaded], sizes: Sizes) -> tuple[int, int]:
    """Write ours and the peer's; return how many rules each has."""
    files = rules.generate(loaded, timing=sizes.timing)
    rules.write(files, folder)
    ours = sum(text.count("\n  - alert: ") for path, text in files.items() if path.startswith("rules/project"))
    columns = [f"feature_{place:03}" for place in range(sizes.columns)]
    peers = 0
    (folder / "peer").mkdir()
    for one in loaded[: sizes.peers]:
        group = {"name": f"peer {one.spec.model}", "rules": per_column(one, columns, sizes.timing)}
        peers += len(group["rules"])
        (folder / "peer" / f"{one.spec.model}.yml").write_text(yaml.safe_dump({"groups": [group]}))
    return ours, peers


@dataclass(frozen=True)
class Evaluated:
    """The seconds of all groups together, each evaluation, active alerts, and Prometheus' resident memory in MB."""

    seconds: list[float]
    alerts: int
    memory: float

    def __str__(self) -> str:
        return f"{median(self.seconds):.2f} s (min {min(self.seconds):.2f})"


def evaluated(folder: Path, port: int, pattern: str, sizes: Sizes) -> Evaluated:
    """Have a Prometheus of its own scrape the port and evaluate the rules."""
    folder.mkdir()
    every = f"{sizes.scrape}s"
    scrape = {"job_name": "wolfpack", "honor_labels": True, "scrape_interval": every, "scrape_timeout": every,
              "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}  # fmt: skip
    config = {"global": {"evaluation_interval": f"{sizes.evaluation}s"}, "scrape_configs": [scrape],
              "rule_files": [pattern]}  # fmt: skip
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    found: list[float] = []
    with servers.prometheus(folder, folder / "prometheus.yml") as url:
        time.sleep(sizes.samples * sizes.scrape + 2 * sizes.evaluation)  # until the ranges are full
        for _ in range(sizes.evaluations):
            time.sleep(sizes.evaluation)
            page = requests.get(f"{url}/metrics", timeout=60).text
            seconds = re.findall(r"^prometheus_rule_group_last_duration_seconds\{.*\} (\S+)", page, re.MULTILINE)
            (memory,) = re.findall(r"^process_resident_memory_bytes (\S+)", page, re.MULTILINE)
            found.append(sum(map(float, seconds)))
        check_ranges(url, sizes, page)
        alerts = int(_asked(url, "count(ALERTS)"))
    return Evaluated(found, alerts, float(memory) / 2**20)


def check_ranges(url: str, sizes: Sizes, page: str) -> None:
    """Raise ClickException if rules were evaluated over less than they are in production, or not each time."""
    back = f"[{sizes.timing.lookback}s]"
    missed = re.findall(r"^prometheus_rule_group_iterations_missed_total\{.*\} (\S+)", page, re.MULTILINE)
    found = {
        "share of scrapes that succeeded": (_asked(url, f'avg_over_time(up{{job="wolfpack"}}{back})'), 1.0),
        "samples in a range": (_asked(url, f'count_over_time(up{{job="wolfpack"}}{back})'), sizes.samples - 1),
        "samples of a model in a range": (
            _asked(url, f"min(count_over_time({names.MODEL_INFO.name}{back}))"),
            sizes.samples - 1,
        ),
        "models": (_asked(url, f"count({names.MODEL_INFO.name})"), sizes.models),
        "evaluations that were not left out": (-sum(map(float, missed)), 0),
    }
    short = {what: got for what, (got, least) in found.items() if got < least}
    if short:
        raise click.ClickException(
            f"no valid run with a scrape every {sizes.scrape} s and an evaluation every {sizes.evaluation} s: {short}; "
            "run it on an idle machine, or with longer intervals"
        )


def _asked(url: str, query: str) -> float:
    """Return the value of the first series that an instant query finds; 0 if it finds none."""
    answer = requests.get(f"{url}/api/v1/query", {"query": query}, timeout=60).json()["data"]["result"]
    return float(answer[0]["value"][1]) if answer else 0.0


def measured(folder: Path, sizes: Sizes) -> Iterator[tuple[str, ...]]:
    service, loaded = exporter(folder, sizes)
    out = folder / "out"
    ours, peers = write_rules(out, loaded, sizes)
    series = sum(one.shown for one in service.shelf.counts().values())
    with serving(create_app(service)) as port:
        few = evaluated(folder / "few", port, f"{out}/rules/*.yml", sizes)
        drifting = shown_of(service, service.registry.all()[0])
        for known in service.registry.all():
            show_as(service, known, drifting)
        all_ = evaluated(folder / "all", port, f"{out}/rules/*.yml", sizes)
        their = evaluated(folder / "peer", port, f"{out}/peer/*.yml", sizes).seconds if sizes.peers else []
    service.close()
    what = f"{ours:,} rules of {sizes.models} models over {series:,} series, all groups, {few.alerts:,} alerts active"
    yield what, str(few), "3 s", "1.5 s", _kept(median(few.seconds), 3, 1.5)
    yield f"the same while columns of all models drift, {all_.alerts:,} alerts active", str(all_), "stated", "-", "-"
    yield _beside_peers(median(all_.seconds) / sizes.models, median(their or [0.0]), peers, sizes)
    yield "resident memory of Prometheus, with ours", f"{all_.memory:,.0f} MB", "stated", "-", "-"


def _beside_peers(each: float, their: float, peers: int, sizes: Sizes) -> tuple[str, ...]:
    if not sizes.peers:
        return "a model's rules, against one for each column", f"{each * 1000:.1f} ms", "1/8", "-", "-"
    peer = their / sizes.peers
    said = f"{each * 1000:.1f} ms against {peer * 1000:.0f} ms, 1/{peer / each:.1f}"
    what = f"a model's rules, against {peers // sizes.peers:,}, one for each column"
    return what, said, "1/8", "-", _kept(each / peer, 1 / 8, 0)


def generated(folder: Path, sizes: Sizes) -> tuple[str, ...]:
    """Return the row of generation: half of the specs are of five lines, half those of the example."""
    example = flights.SPEC_FILE.read_text(encoding="utf-8")
    specs = []
    for number in range(sizes.specs):
        text = example if number % 2 else SPEC.format(project="travel", model="arrival-delay")
        (folder / f"spec-{number}.yml").write_text(text.replace("arrival-delay", f"model-{number}"))
        specs.append(load(folder / f"spec-{number}.yml"))
    began = time.process_time()
    files = rules.generate(specs)
    seconds = time.process_time() - began
    size = sum(map(len, files.values())) / 1e6
    what = f"rules, tests, routes and runbooks of {sizes.specs:,} specs, {size:.0f} MB, generated"
    return what, f"{seconds:.1f} s of CPU time", "20 s", "-", _kept(seconds, 20, 0)


def _kept(value: float, most: float, aim: float) -> str:
    return "aim" if value <= aim else "yes" if value <= most else "no"


@click.command()
@click.option("--quick", is_flag=True, help="Two small models: shows that it runs, measures nothing.")
@click.option("--no-peers", is_flag=True, help="Ours alone.")
def main(quick: bool, no_peers: bool) -> None:
    """Print one table."""
    sizes = QUICK if quick else FULL
    sizes = replace(sizes, peers=0) if no_peers else sizes
    with tempfile.TemporaryDirectory() as folder:
        rows = [*measured(Path(folder), sizes)]
    with tempfile.TemporaryDirectory() as folder:
        rows.append(generated(Path(folder), sizes))
    print(markdown(("what", "measured", "at most", "aim", "reached"), rows))
    told = (
        f"{sizes.evaluations} evaluations, one each {sizes.evaluation} s, a scrape each {sizes.scrape} s, all in time; "
        f"one run, Prometheus {version()}"
    )
    print("\n" + "\n".join(f"- {line}" for line in (*describe({}), told)))


if __name__ == "__main__":
    main()
