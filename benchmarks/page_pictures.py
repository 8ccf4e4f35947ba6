"""Pictures of the evidence pages: `python -m benchmarks.page_pictures http://127.0.0.1:9906 docs/pictures`.

Of a demo that is still served (`make run`), in a real Chromium. Each picture is what a browser shows of a page, from
its top on, in 128 colours: with words and lines that is as good, and a third of the bytes.
"""

from __future__ import annotations

import io
import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver

from tests.chromium import chromium, in_scheme
from wolfpack import flights

MODEL = "/models/travel/arrival-delay"
INCIDENT = "empty-temperature"
"""The incident of the demo whose column and window are shown."""
WIDTH, COLOURS = 1100, 128


def pages(today: date) -> dict[str, tuple[str, int]]:
    """Return address and height of each picture; of the anomalies the first series in the list is shown."""
    told = next(one for one in flights.read_incidents(flights.INCIDENTS_FILE) if one.id == INCIDENT)
    end = told.last + flights.shift_weeks(today) + timedelta(days=1)
    at = datetime.combine(end, time(), ZoneInfo("America/New_York"))
    return {
        "fleet": ("/", 420),
        "model": (f"{MODEL}?metric=ml_model_roc_auc", 1000),
        "column": (f"{MODEL}/columns/temp?end={int(at.timestamp())}", 900),
        "anomaly": (f"{MODEL}/anomalies", 1000),
    }


def picture(browser: WebDriver, height: int) -> bytes:
    """Return what the browser shows, so many pixels high, as a PNG of few colours."""
    browser.set_window_size(WIDTH, height + 140)  # its frame
    shot = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    out = io.BytesIO()
    cut = shot.crop((0, 0, shot.width, min(height, shot.height)))
    cut.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


@click.command()
@click.argument("url")
@click.argument("folder", type=click.Path(path_type=Path))
def main(url: str, folder: Path) -> None:
    """Take a picture of each kind of page, and one in the dark scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
        browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        for name, (path, height) in pages(date.today()).items():
            browser.get(url.rstrip("/") + path)
            if name == "anomaly":
                browser.find_element(By.CSS_SELECTOR, "tbody a").click()
            found = {f"page-{name}.png": picture(browser, height)}
            if name == "column":
                in_scheme(browser, "dark")
                browser.refresh()
                found["page-column-dark.png"] = picture(browser, height)
                in_scheme(browser, "light")
            for file, data in found.items():
                (folder / file).write_bytes(data)
                click.echo(f"{folder / file}: {len(data) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
