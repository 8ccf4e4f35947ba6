"""Everything a request needs, in one value; and how it is put together from a spec folder and a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wolfpack.exporter.clock import Clock, ReplayClock, SystemClock
from wolfpack.exporter.engine import Engine
from wolfpack.exporter.health import Health
from wolfpack.exporter.ledger import Ledger
from wolfpack.exporter.live_book import LiveBook
from wolfpack.exporter.pool import Pool
from wolfpack.exporter.rationing import Reads, ordered
from wolfpack.exporter.registry import Registry
from wolfpack.exporter.sample import Key
from wolfpack.exporter.shelf import Order, Shelf
from wolfpack.exporter.sources import Sources
from wolfpack.exporter.tokens import Guard, TokenFile
from wolfpack.spec import Budget, Family, Spec, load_all
from wolfpack.spec.keeping import Keeping


@dataclass(frozen=True)
class Service:
    """The parts of a running exporter."""

    ledger: Ledger
    registry: Registry
    shelf: Shelf
    engine: Engine
    clock: Clock
    guard: Guard
    sources: Sources
    keeping: Keeping = field(default_factory=Keeping)
    received: Counter[str] = field(default_factory=Counter)
    health: Health = field(default_factory=Health)
    pool: Pool = field(default_factory=Pool)

    @property
    def live(self) -> LiveBook:
        """What live models' calls came to lately."""
        return self.engine.live

    def start(self) -> None:
        """Compute what is pending and read the sources, each in a thread of its own, until `close`."""
        if not isinstance(self.clock, ReplayClock):
            self.engine.start()
            self.sources.start()

    def reload(self) -> None:
        """Read the specs anew; on an error what was loaded stays in force, and the error goes on."""
        before = {known.id for known in self.registry.all()}
        with self.ledger.write() as connection:
            self.registry.load(connection, self.clock.now())
        after = {known.id for known in self.registry.all()}
        self.engine.retire(before - after)
        self.engine.revive(after - before)
        self.engine.wake()

    def set_clock(self, now: float) -> None:
        """Finish what is pending at the old time, then move a replay's clock and do what the new time asks.

        Models become known at the first time that is set. Raises ValueError if the clock would go back.
        """
        if not isinstance(self.clock, ReplayClock):
            raise ValueError("this exporter runs on the machine's clock; start it with --replay to set it")
        if self.clock.now():
            self.engine.run()
        self.clock.set(now)
        if not self.registry.ready:
            with self.ledger.write() as connection:
                self.registry.load(connection, now)
            self.engine.restore()
        self.engine.run()

    def close(self) -> None:
        self.sources.stop()
        self.engine.stop()
        self.ledger.close()


def open_service(
    specs: Sequence[Path],
    ledger_url: str,
    tokens: TokenFile | None = None,
    replay: bool = False,
    budget: Budget | None = None,
    reads: Callable[[Spec], Reads] | None = None,
    keeping: Keeping | None = None,
) -> Service:
    """Open the ledger, load the specs and show what was shown last; nothing is computed before `start`.

    Parameters
    ----------
    specs, ledger_url, replay : as the options of `wolfpack serve`.
    tokens : who may do what; None: everybody everything.
    budget : how many series each project may show.
    reads : tells of a spec which series its rules and detectors read; they are dropped last.
    keeping : how long the ledger keeps what.

    Raises
    ------
    SpecError, LedgerError
        If either cannot be used.
    """
    load_all(specs)  # a wrong spec stops the start, also of a replay, which enters its models later
    ledger = Ledger(ledger_url)
    registry = Registry(specs, ledger.read)
    shelf = Shelf(budget, _order(registry, reads or (lambda _: _nothing)))
    clock: Clock = ReplayClock() if replay else SystemClock()
    keeping = keeping or Keeping()
    engine, received = Engine(ledger, registry, shelf, clock, keeping), Counter[str]()
    sources = Sources(ledger, registry, engine, clock, received, keeping)
    service = Service(ledger, registry, shelf, engine, clock, Guard(tokens), sources, keeping, received)
    ledger.on_write(service.health.ledger_write.observe)
    if not replay:
        with ledger.write() as connection:
            registry.load(connection, clock.now())
        service.engine.restore()
    return service


def _order(registry: Registry, reads: Callable[[Spec], Reads]) -> Order:
    """Return the order in which series of a model are needed; of one without a spec none is."""

    def order(model: int, keys: Iterable[Key]) -> tuple[Sequence[Key], Sequence[int]]:
        known = registry.by_id(model)
        return ordered(list(keys), registry.columns(model), reads(known.spec) if known else _nothing)

    return order


def _nothing(_family: Family, _labels: Mapping[str, str]) -> bool:
    return False
