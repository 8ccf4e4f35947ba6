"""`wolfpack demo`: the whole job on 273 real days of flights, with incidents planted or without."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wolfpack.spec import Loaded, WolfpackError, load_all

if TYPE_CHECKING:
    from wolfpack.cli.flights_replay import Flights
    from wolfpack.cli.flights_result import Finding
    from wolfpack.detectors import Memory, Sink
    from wolfpack.rules import Episode, Series
    from wolfpack.spec import Spec


@click.command()
@click.option(
    "--clean", is_flag=True, help="Plant nothing; exit 0 only if none of the incidents is reported."
)
@click.option("--keep", is_flag=True, help="Keep serving when it is done, until interrupted.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep every file here, not in a temporary folder.",
)
def demo(clean: bool, keep: bool, folder: Path | None) -> None:
    """Show the main job on real flights; exit 0 only if every planted incident was found."""
    # scikit-learn's joblib asks programs of the system for the number of cores, and complains where there are none.
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", str(os.cpu_count() or 1))
    try:
        import pandas  # noqa: F401  (the demo's own extra; the rest of Wolfpack does not need it)
        import sklearn  # noqa: F401
    except ModuleNotFoundError as error:
        raise WolfpackError(f"the demo needs {error.name}: pip install 'wolfpack-monitor[demo]'") from error
    with _folder(folder) as its:
        sys.exit(0 if _Demo(its, clean, keep).run() else 1)


class _Demo:
    """The steps, in order; each says what it did and how long it took."""

    def __init__(self, folder: Path, clean: bool, keep: bool) -> None:
        from wolfpack import flights
        from wolfpack.cli import flights_live

        self.folder, self.clean, self.keep = folder, clean, keep
        self.live = flights_live.available()
        self.planned = flights.read_incidents()
        self.began = time.monotonic()

    def run(self) -> bool:
        """Return whether what should be found was found, and nothing of it in a clean run."""
        from wolfpack import flights
        from wolfpack.cli import flights_result, servers
        from wolfpack.cli.flights_replay import Flights, days_between, flights_zone

        its = Flights.load(() if self.clean else self.planned, datetime.now(flights_zone()).date())
        loaded = self._spec(its)
        self._say(f"{len(its.year):,} flights of 2013, moved by {its.shift.days // 7} weeks")
        if not self.live:
            self._say("prometheus, promtool or alertmanager is not on the PATH: left out are the real Prometheus "
                      "(the rules' own function judges the history) and the live delivery of the last day")  # fmt: skip
        kept_for_live = timedelta(days=1) if self.live and not self.clean else timedelta(0)
        days = days_between(flights.FIRST_DAY, flights.LAST_DAY - kept_for_live)
        with servers.exporter(self.folder, self.folder / "specs", "--replay") as url:
            grid = self._replay(url, its, loaded, days)
            series = self._history(url, loaded)
        self._generate(loaded)
        episodes = self._judge(loaded, series, grid)
        with servers.exporter(self.folder, self.folder / "specs") as url:
            findings = [flights_result.find(one, episodes, its, loaded[0].spec) for one in self.planned]
            if self.live and not self.clean:
                findings = self._deliver(url, its, loaded, findings)
            return self._result(url, its, loaded, findings, episodes)

    def _spec(self, its: Flights) -> list[Loaded]:
        from wolfpack.cli.flights_replay import spec_text

        specs = self.folder / "specs"
        specs.mkdir()
        (specs / "arrival-delay.yml").write_text(spec_text(its), encoding="utf-8")
        return load_all([specs])

    def _replay(self, url: str, its: Flights, loaded: list[Loaded], days: list[date]) -> list[float]:
        """Send every day and run the detector after each; return the grid of the history."""
        from wolfpack import detectors
        from wolfpack.cli.flights_replay import Sender, ahead_of, hourly, set_clock
        from wolfpack.client import HttpTransport

        spec = loaded[0].spec
        start = its.pane(spec, days[0])
        set_clock(url, start)
        sender = Sender(url, spec, its)
        baseline = sender.register()
        everything = list(its.deliveries(spec, days))
        tables_end = max(one.at for one in everything if one.kind == "table")
        latest = max(tables_end, datetime.now(spec.zone))  # labels of the last days may not be there yet
        deliveries = [one for one in everything if one.at <= latest]
        transport = HttpTransport(url)
        memory = detectors.Memory(detectors.ExporterSource(transport))
        # The next day is prepared while the exporter computes this one.
        with click.progressbar(deliveries, label="replaying", file=sys.stderr) as bar, ThreadPoolExecutor(1) as ahead:
            days_of_tables = [one.day for one in deliveries if one.kind == "table"]
            tables = ahead_of(ahead, lambda day: sender.prepare(day, baseline), days_of_tables)
            for one in bar:
                set_clock(url, one.at)
                if one.kind == "labels":
                    sender.labels(one.day)
                else:
                    sender.send(next(tables))
                    set_clock(url, one.at)  # which waits until the day is computed
                    self._detect(loaded, memory, detectors.ExporterSink(transport))
        transport.close()
        set_clock(url, deliveries[-1].at)
        self._say(f"{len(days)} days sent to {url} and its detector run after each")
        return list(hourly(start, deliveries[-1].at, spec.every / 24))

    def _detect(self, loaded: list[Loaded], memory: Memory, sink: Sink) -> None:
        from wolfpack import detectors

        report = detectors.cycle([its.spec for its in loaded], memory, sink)
        if report.errors:
            raise WolfpackError("; ".join(report.errors))

    def _generate(self, loaded: list[Loaded]) -> None:
        from wolfpack import dashboards, rules

        files = rules.generate(loaded)
        rules.write(files, self.folder / "prometheus-files")
        boards = dashboards.generate(loaded)
        dashboards.write(boards, self.folder / "dashboards")
        self._say(
            f"{len(files)} files of rules, tests, routes and runbooks and {len(boards)} dashboards generated"
        )

    def _history(self, url: str, loaded: list[Loaded]) -> list[Series]:
        """Return what the metrics page showed of every series that the rules read."""
        from wolfpack.client import HttpTransport
        from wolfpack.rules.exposed import exposed

        transport = HttpTransport(url)
        found = exposed(transport, [one.spec for one in loaded])
        transport.close()
        return found

    def _judge(self, loaded: list[Loaded], series: list[Series], grid: list[float]) -> list[Episode]:
        from wolfpack import rules
        from wolfpack.rules.backtest import Engine

        engine: Engine = "prometheus" if self.live else "python"
        episodes = rules.backtest([one.spec for one in loaded], series, grid, engine=engine)
        by = "a real Prometheus" if self.live else "the alert table's own function"
        self._say(
            f"{len(series)} series at {len(grid)} hours judged by the generated rules, evaluated by {by}"
        )
        return episodes

    def _deliver(
        self, url: str, its: Flights, loaded: list[Loaded], findings: list[Finding]
    ) -> list[Finding]:
        from dataclasses import replace

        from wolfpack.cli import flights_live
        from wolfpack.cli.flights_replay import Sender

        sender = Sender(url, loaded[0].spec, its)
        with flights_live.stack(self.folder, url, loaded) as hook:
            baseline, _ = its.reference(loaded[0].spec.timezone)
            done = []
            for one in findings:
                if one.incident.expected.delivered:
                    delivered = flights_live.deliver(sender, hook, one.incident, baseline)
                    one = replace(one, delivered=delivered)
                    self._say("the last day sent for real, scraped, alerted, delivered and corrected")
                done.append(one)
        return done

    def _result(
        self, url: str, its: Flights, loaded: list[Loaded], findings: list[Finding], episodes: list[Episode]
    ) -> bool:
        from wolfpack.cli import flights_rest, flights_result

        spec = loaded[0].spec
        rest = episodes if self.clean else flights_result.others(episodes, findings, its, spec)
        reported = [one for one in findings if one.episode is not None]
        if self.clean:
            click.echo(f"\nNothing was planted; {len(reported)} of {len(findings)} incidents are reported.")
            good = not reported
        else:
            click.echo()
            click.echo(flights_result.incident_table(findings, its, spec))
            good = all(one.found and (one.delivered is None or one.delivered.resolved_after is not None)
                       for one in findings)  # fmt: skip
            text, told = self._quality(url, its, spec, findings)
            click.echo(f"\n{text}")
            good = good and told
        click.echo()
        click.echo(flights_rest.rest_text(flights_rest.Rest.of(rest, episodes, spec), its, spec))
        click.echo(f"\nMetrics: {url}/metrics\nStatus:  {url}/")
        self._say(
            "done"
            if good
            else "not every incident was found"
            if not self.clean
            else "an incident was reported"
        )
        if self.keep:
            click.echo("Serving until interrupted (Ctrl-C).")
            _wait()
        else:
            click.echo("They end with this command; `make run` keeps serving.")
        return good

    def _quality(self, url: str, its: Flights, spec: Spec, findings: list[Finding]) -> tuple[str, bool]:
        from wolfpack.cli.flights_quality import quality_text
        from wolfpack.client import HttpTransport

        transport = HttpTransport(url)
        try:
            return quality_text(transport, findings, its, spec)
        finally:
            transport.close()

    def _say(self, text: str) -> None:
        click.echo(f"[{time.monotonic() - self.began:5.0f} s] {text}")


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is None:
        with tempfile.TemporaryDirectory(prefix="wolfpack-demo-") as folder:
            yield Path(folder)
        return
    if given.exists() and any(given.iterdir()):
        raise WolfpackError(f"--folder {given}: is not empty; name a new one, or empty it")
    given.mkdir(parents=True, exist_ok=True)
    yield given


def _wait() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("stopped")
