"""The iris service: the API of the prediction log pattern on FastAPI, watched by Wolfpack.

    gunicorn -w 4 -k uvicorn_worker.UvicornWorker service:app

Settings come by the environment:

| | |
| --- | --- |
| `WOLFPACK_URL`, `WOLFPACK_TOKEN_FILE` | the exporter; without it only the log is written |
| `IRIS_VERSION` | which version of the model this process runs; default 1 |
| `IRIS_OUTLIERS` | file of `prepare.py`; default: distances from the plan |
| `IRIS_LOG` | file of the prediction log; default: none is written |
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, HTTPException
from flowers import INPUTS, SAMPLE, SPECIES, model, plan
from pydantic import BaseModel, Field

from wolfpack.client.call_log import CallLog
from wolfpack.client.input_check import InputCheck, InputsRefused
from wolfpack.client.monitor import Monitor
from wolfpack.client.outlier_models import from_plan, load

VERSION = os.environ.get("IRIS_VERSION", "1")
PLAN = plan()
MODEL = model(VERSION)


def _token() -> str | None:
    file = os.environ.get("WOLFPACK_TOKEN_FILE")
    return Path(file).read_text(encoding="utf-8").strip() if file else None


monitor = Monitor(
    os.environ.get("WOLFPACK_URL"),
    project="flowers",
    model="iris",
    version=VERSION,
    token=_token(),
    outliers=load(os.environ["IRIS_OUTLIERS"]) if "IRIS_OUTLIERS" in os.environ else from_plan(PLAN),
    log=CallLog(os.environ["IRIS_LOG"]) if "IRIS_LOG" in os.environ else None,
    flush=float(os.environ.get("IRIS_FLUSH", "5")),
)
check = InputCheck(PLAN, required=INPUTS)
api = FastAPI(title="Iris", version=VERSION)
Centimetres = Annotated[float, Field(description="in centimetres", examples=[1.4])]


class Flower(BaseModel):
    """Four measures of one flower."""

    sepal_length: Centimetres
    sepal_width: Centimetres
    petal_length: Centimetres
    petal_width: Centimetres


@api.get("/health")
def health() -> dict[str, str]:
    """Say that the process answers."""
    return {"health": "ok"}


@api.get("/metadata")
def metadata() -> dict[str, object]:
    """Say what goes in, what comes out, and which version answers."""
    inputs = dict.fromkeys(INPUTS, "float, cm")
    return {"inputs": inputs, "outputs": list(SPECIES), "sample": SAMPLE, "version": VERSION}


@api.get("/label")
def label() -> dict[int, str]:
    """Name the species by their place in a prediction."""
    return dict(enumerate(SPECIES))


@api.get("/predict/test")
def predict_test() -> dict[str, list[float]]:
    """Predict the sample; it is no call of a user, and is not counted."""
    return {"prediction": _probabilities(SAMPLE)}


@api.post("/predict")
def predict(flower: Flower) -> dict[str, list[float]]:
    """Return the probability of each species."""
    return {"prediction": _watched(flower)}


@api.post("/predict/label")
def predict_label(flower: Flower) -> dict[str, str]:
    """Return the likeliest species."""
    found = _watched(flower)
    return {"prediction": SPECIES[found.index(max(found))]}


def _watched(flower: Flower) -> list[float]:
    """Predict what a user asks; inputs that no flower has are refused before the model sees them."""
    inputs = flower.model_dump()
    try:
        check(inputs)
    except InputsRefused as error:
        raise HTTPException(422, str(error)) from error
    found = _probabilities(inputs)
    monitor.record(inputs, {"species": SPECIES[found.index(max(found))]})
    return found


def _probabilities(inputs: dict[str, float]) -> list[float]:
    return [float(one) for one in MODEL.predict_proba([[inputs[name] for name in INPUTS]])[0]]


app = monitor.asgi(api, paths=["/predict", "/predict/label"])
