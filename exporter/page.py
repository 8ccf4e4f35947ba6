"""The metrics page in the format that is asked for: the models' part as it was rendered, Wolfpack's own anew."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from copy import copy

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from werkzeug.http import parse_accept_header

from wolfpack.exporter.cells import LEVEL, Encoder
from wolfpack.exporter.collectors import Guarded, ModelCollector
from wolfpack.exporter.health import Health
from wolfpack.exporter.history import Shown
from wolfpack.exporter.model_part import Format, ModelPart, registry_of
from wolfpack.exporter.sample import Key
from wolfpack.exporter.shelf import Shelf

_KEPT_ESCAPINGS = ("underscores", "allow-utf-8")
"""Ways to write names under which those of the catalogue stay as they are."""


class _Only(Collector):
    """Samples of these names; a registry's own restriction needs every name at registration."""

    def __init__(self, inner: Collector, only: set[str]) -> None:
        self._inner, self._only = inner, only

    def collect(self) -> Iterator[Metric]:
        for metric in self._inner.collect():
            restricted = copy(metric)  # a collector may keep what it yields
            restricted.samples = [sample for sample in metric.samples if sample.name in self._only]
            if restricted.samples:
                yield restricted


class Page:
    """Equal, byte for byte, to prometheus_client's `generate_latest` of `everything`, in every format.

    Parameters
    ----------
    shelf : what is shown of the models; rendered as it changes.
    own : what is collected at each scrape, by name.
    health : is told how long rendering takes.
    """

    def __init__(self, shelf: Shelf, own: Mapping[str, Collector], health: Health | None = None) -> None:
        self._models, self._health = ModelPart(), health or Health()
        self._own = Guarded(own, {"models": self._models.broken})
        self.everything = registry_of(ModelCollector(shelf), self._own)
        shelf.listen(self._update)

    def render(
        self, accept: str, accept_encoding: str, only: list[str]
    ) -> tuple[list[bytes], dict[str, str]]:
        """Return body, in pieces, and headers for a scrape; `only` restricts it to samples of these names."""
        encoder, content_type = choose_encoder(accept)
        packed = parse_accept_header(accept_encoding)["gzip"] > 0
        with self._health.rendering("page"):
            pieces = self._pieces(encoder, content_type, packed, set(only))
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        return pieces, headers | ({"Content-Encoding": "gzip"} if packed else {})

    def _update(self, model: int, shown: Mapping[Key, Shown]) -> None:
        with self._health.rendering("model"):
            self._models.update(model, shown)

    def _pieces(self, encoder: Encoder, content_type: str, packed: bool, only: set[str]) -> list[bytes]:
        escaping = content_type.partition("escaping=")[2]
        if escaping and escaping not in _KEPT_ESCAPINGS:
            return [_packed(encoder(_restricted(self.everything, only)), packed)]
        format_: Format = "openmetrics" if "openmetrics" in content_type else "text"
        own = encoder(_restricted(self._own, only))
        if only:
            return [_packed(self._models.only(format_, only) + own, packed)]
        return [self._models.body(format_, packed), _packed(own, packed)]


def _restricted(inner: Collector, only: set[str]) -> Collector:
    return registry_of(_Only(inner, only) if only else inner)


def _packed(body: bytes, packed: bool) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0) if packed else body
