"""Once after training: what is usual goes to the exporter, and the outlier model into a file.

    python prepare.py http://127.0.0.1:9906 outliers.onnx
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flowers import INPUTS, outlier_model, table

from wolfpack.client import Client, profile

if __name__ == "__main__":
    url, file = sys.argv[1:]
    token = os.environ.get("WOLFPACK_TOKEN_FILE")
    client = Client(
        url, project="flowers", model="iris", token=Path(token).read_text(encoding="utf-8").strip() if token else None
    )
    client.send_reference(profile(table(copies=20).select([*INPUTS, "species"])))
    Path(file).write_bytes(outlier_model())
