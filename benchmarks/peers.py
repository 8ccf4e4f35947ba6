"""The peers, each in a virtual environment of its own under build/peers/, made by pip on first use.

They cannot share one: whylogs needs numpy under 2, Evidently and NannyML disagree with it and each other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "peers"
QUIET = {
    "DO_NOT_TRACK": "1",
    "WHYLOGS_NO_ANALYTICS": "True",
    "NML_DISABLE_USAGE_LOGGING": "1",
    "PYTHONWARNINGS": "ignore",
}
"""Their telemetry is off: a call over the network would count against them."""


@dataclass(frozen=True)
class Peer:
    """A library that is measured beside ours."""

    name: str
    requirements: tuple[str, ...]

    @property
    def python(self) -> Path:
        return FOLDER / self.name / "bin" / "python"


PEERS = {
    peer.name: peer
    for peer in (
        Peer("whylogs", ("whylogs==1.6.4", "numpy<2", "pandas<3", "pyarrow<22")),  # later ones want numpy 2
        Peer("evidently", ("evidently==0.7.23", "pandas<3", "pyarrow")),
        # a fresh nannyml lacks statsmodels, which it imports; all of 0.13.1 was written for pandas 2
        Peer("nannyml", ("nannyml==0.13.1", "statsmodels", "pandas<3", "pyarrow")),
        Peer("spark", ("--editable", f"{ROOT}[spark]", "pandas<3")),  # no peer, but seldom installed
    )
}


class PeerFailed(Exception):
    """A peer cannot be installed or run; the message says why, and the rest of a table is still printed."""


def install(peer: Peer) -> None:
    """Make the peer's environment unless it is there with these requirements.

    Raises
    ------
    PeerFailed
        If pip fails; the message has its last line.
    """
    done, wanted = FOLDER / peer.name / ".installed", "\n".join(peer.requirements)
    if "--editable" in peer.requirements:  # this package, whose own requirements may have changed
        wanted += (ROOT / "setup.cfg").read_text()
    if done.exists() and done.read_text() == wanted:
        return
    print(f"installing {', '.join(peer.requirements)} under {FOLDER}", file=sys.stderr)
    venv.create(FOLDER / peer.name, clear=True, with_pip=True)
    pip = [str(peer.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run = subprocess.run([*pip, *peer.requirements], capture_output=True, text=True, check=False)
    if run.returncode:
        raise PeerFailed(f"{peer.name} cannot be installed: {_last_line(run.stderr)}")
    done.write_text(wanted)


def start(name: str, module: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a module of this folder in the peer's environment, and install the peer if it is not there.

    Raises
    ------
    PeerFailed
        If it cannot be installed.
    """
    peer = PEERS[name]
    install(peer)
    return subprocess.Popen(
        [str(peer.python), "-m", f"benchmarks.{module}", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | QUIET,
    )


def finish(name: str, process: subprocess.Popen[str]) -> Any:
    """Return what the module printed as JSON on its last line.

    Raises
    ------
    PeerFailed
        If it ended with an error; the message has its last line.
    """
    out, err = process.communicate()
    if process.returncode:
        raise PeerFailed(f"{name} failed: {_last_line(err)}")
    return json.loads(out.splitlines()[-1])


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no message"
