"""The door for a model's own jobs: profile a table on the model's plan, and send what is known."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pyarrow as pa

from wolfpack.client.failure import ServiceError
from wolfpack.client.hashing import hash_keys
from wolfpack.client.inputs import open_input, profile
from wolfpack.client.kept_plan import KeptPlan
from wolfpack.client.outbox import Outbox
from wolfpack.client.retries import RETRY_FOR
from wolfpack.client.spool import LIMIT, Spool, Spooled
from wolfpack.client.telling import Teller
from wolfpack.client.transport import HttpTransport, Transport
from wolfpack.spec import Plan
from wolfpack.stats import (
    ItemCounts,
    Judging,
    OutputCounts,
    Profile,
    QualityCounts,
    ReferenceQuality,
    ScoreCounts,
    bare_plan,
)
from wolfpack.stats.quality_counts import region_edges

ARROW = "application/vnd.apache.arrow.stream"
PROFILE = "application/vnd.apache.arrow.file"


class Client(Teller):
    """Sends for one project, model and version to an exporter.

    Parameters
    ----------
    url : address of the exporter, as in ``http://exporter:9906``.
    token : bearer token with write scope on the project; none on loopback without tokens.
    version : which build of the model produced the rows.
    retry_for : seconds within which a request is tried again while the exporter does not answer, is busy (429)
        or fails (5xx); 0: one attempt.
    spool : a folder in which writes are kept when the exporter stays away, and from which they are sent, in
        order, by the next write; the model has a folder of its own in it. None: such a write raises.
    spool_limit : bytes that the model's spool may hold; beyond it the oldest writes are dropped and counted.
    transport : replaces HTTP, for tests.

    Raises
    ------
    ServiceError
        From every method, when the exporter refuses, or stays away and there is no spool.
    """

    def __init__(
        self,
        url: str,
        *,
        project: str,
        model: str,
        token: str | None = None,
        version: str = "0",
        retry_for: float = RETRY_FOR,
        spool: str | os.PathLike[str] | None = None,
        spool_limit: int = LIMIT,
        transport: Transport | None = None,
    ) -> None:
        http = HttpTransport(url, token, retry_for=retry_for)
        self._transport, self._close = transport or http, http.close
        self._outbox: Outbox | None = None
        self._kept_plan: KeptPlan | None = None
        if spool is not None:
            folder = Path(spool) / project / model
            self._transport = self._outbox = Outbox(self._transport, Spool(folder, spool_limit), retry_for)
            self._kept_plan = KeptPlan(folder / "plan.json")
        self._model = {"project": project, "model": model}
        self._path = f"/api/v1/projects/{project}/models/{model}"
        self.version = version

    def close(self) -> None:
        """Close the connection; a client that is used again opens another one."""
        self._close()

    def plan(self) -> Plan | None:
        """Return the model's plan, or None while it has no reference.

        With a spool it is kept there, and the kept one is returned while the exporter is away.
        """
        try:
            found = self._fetch_plan()
        except ServiceError as error:
            if self._kept_plan is None or not error.may_pass:
                raise
            return self._kept_plan.read(error)
        if self._kept_plan is not None:
            self._kept_plan.write(found)
        return found

    def _fetch_plan(self) -> Plan | None:
        try:
            return Plan.from_dict(self._transport.get(f"{self._path}/plan")["plan"])
        except ServiceError as error:
            if error.status == 404 and "No reference" in str(error):
                return None
            raise

    def flush(self) -> Spooled:
        """Send what waits in the spool, and return what is there then.

        Raises
        ------
        ServiceError, TimeoutError
            If the exporter is still away, or another process is sending; what was not sent stays.
        ValueError
            If the client has no spool.
        """
        if self._outbox is None:
            raise ValueError(
                "this client has no spool; give it a folder, as Client(…, spool='/var/spool/wolfpack')"
            )
        self._outbox.flush()
        return self._outbox.spool.look()

    def profile(self, table: Any) -> Profile:
        """Profile rows (whatever `wolfpack.client.profile` takes) on the model's plan.

        While the model has no reference the plan knows only the kinds of the columns: rows, missing and means
        are kept, drift is not.
        """
        plan = self.plan()
        if plan is None:
            table, schema = open_input(table)
            plan = bare_plan(schema)
        return profile(table, plan=plan)

    def judging(self, reference: Profile | None = None) -> Judging:
        """Return how quality has to be counted so that the exporter can add it.

        `reference` is one that is not registered yet: its own quality is counted on its bins.
        """
        found = self._transport.get(f"{self._path}/judging")
        edges = tuple(found["edges"])
        if reference is not None:
            edges = region_edges(found["task"], reference.plan, found["column"])
        return Judging(found["task"], found["threshold"], tuple(found["classes"]), edges, found["k"])

    def send_reference(
        self, reference: Profile, scores: ReferenceQuality | ScoreCounts | QualityCounts | None = None
    ) -> Any:
        """Register the profile of training data; `scores` are what a drop of quality is measured from.

        They are best of rows that the model was not trained with, or every later window looks like a drop. With
        panes (`ReferenceQuality`) it is also known how far labels move at one prediction by habit.
        """
        answer = self._transport.send("PUT", f"{self._path}/reference", {}, reference.to_bytes(), PROFILE)
        if scores is not None:
            body = scores.to_bytes()
            self._transport.send(
                "PUT", f"{self._path}/reference/scores", {}, body, "application/octet-stream"
            )
        return answer

    def send_profile(
        self,
        found: Profile,
        *,
        at: str,
        role: str = "input",
        part: str = "",
        job: str = "",
        key: str | None = None,
    ) -> Any:
        """Add a profile to the pane that contains `at`; the same part again replaces it."""
        params = self._write(at=at, role=role, part=part, job=job)
        return self._transport.send("POST", "/api/v1/profiles", params, found.to_bytes(), PROFILE, key)

    def send_rows(
        self,
        table: Any,
        *,
        at: str,
        role: str = "input",
        part: str = "",
        job: str = "",
        key: str | None = None,
    ) -> Any:
        """Send rows to be profiled by the exporter."""
        params = self._write(at=at, role=role, part=part, job=job)
        return self._transport.send("POST", "/api/v1/batches", params, to_arrow_bytes(table), ARROW, key)

    def send_quality(self, counts: QualityCounts, *, at: str, part: str = "", job: str = "") -> Any:
        """Add quality that was counted where predictions and labels are; the same part again replaces it.

        Neither rows nor keys leave the job. Count with ``QualityCounts.of(client.judging(), …)``.
        """
        params = self._write(at=at, part=part, job=job)
        return self._transport.send(
            "POST", "/api/v1/quality", params, counts.to_bytes(), "application/octet-stream"
        )

    def send_outputs(self, counts: OutputCounts, *, at: str, part: str = "", job: str = "") -> Any:
        """Add what was counted of outputs; the same part again replaces it. Only counts leave the job."""
        params = self._write(at=at, part=part, job=job)
        return self._transport.send("POST", "/api/v1/outputs", params, counts.to_bytes(), "application/octet-stream")

    def send_catalogue(self, items: ItemCounts, users: int) -> Any:
        """Tell what training recommended from: how many of its users had each item."""
        path, params = f"{self._path}/catalogue", {"users": str(users)}
        return self._transport.send("PUT", path, params, items.to_bytes(), "application/octet-stream")

    def send_predictions(
        self,
        table: Any,
        *,
        key: str | None = None,
        time: str | None = None,
        at: str | None = None,
        profile: bool = False,
        part: str = "",
        secret: str | bytes | None = None,
    ) -> Any:
        """Send predictions by key, for their labels to join; `time` names the column of their event time.

        With a `secret` the column `key` holds hashes when it leaves this process (`hash_keys`); the labels must be
        sent with the same one.
        """
        params = self._write(part=part) | _given(key=key, time=time, at=at, profile="1" if profile else None)
        body = to_arrow_bytes(_hashed(table, key, secret))
        return self._transport.send("POST", "/api/v1/predictions", params, body, ARROW)

    def send_labels(
        self, table: Any, *, key: str | None = None, secret: str | bytes | None = None
    ) -> Any:
        """Send labels by key; a later label of a key replaces the earlier one. `secret` as for the predictions."""
        params = dict(self._model) | _given(key=key)
        body = to_arrow_bytes(_hashed(table, key, secret))
        return self._transport.send("POST", "/api/v1/labels", params, body, ARROW)

    def _write(self, **values: str) -> dict[str, str]:
        return {
            **self._model,
            "version": self.version,
            **{name: value for name, value in values.items() if value},
        }


def to_arrow_bytes(table: Any) -> bytes:
    """Return any table with the Arrow C stream as an Arrow IPC stream; pandas' index columns are dropped.

    Raises
    ------
    TypeError
        If it is no table.
    """
    if not hasattr(table, "__arrow_c_stream__"):
        raise TypeError(
            f"{type(table).__name__} has no Arrow C stream; give a pandas, Polars or Arrow table, as pyarrow.table(…)"
        )
    found = pa.table(table)
    found = found.drop_columns([name for name in found.column_names if name.startswith("__index_level_")])
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, found.schema) as writer:
        writer.write_table(found)
    return sink.getvalue()


def _hashed(table: Any, key: str | None, secret: str | bytes | None) -> Any:
    if secret is None:
        return table
    if key is None:
        raise ValueError("key: is not given; with a secret name the column of keys, as key='flight_id'")
    return hash_keys(table, key, secret)


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
