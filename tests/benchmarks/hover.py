"""From a mouse move to the picture it asked for: real events, real paints.

A sample ends when a paint event has drawn the decode of that very move in every linked slot.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from sizes import sized
from workbench import decoded, end_training, open_window, wait

from vaeexplorer.data import Dataset, Source, open_data
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.window import Window
from vaeexplorer.jobs.mapping import encode
from vaeexplorer.jobs.opening import exhibit_of
from vaeexplorer.models import build
from vaeexplorer.run import Config, Run, result_of


def p95_ms(app: QApplication, session: Session, window: Window, moves: int) -> float:
    """95th percentile of `moves` real mouse moves along a random walk over the first map."""
    view = window.maps[0].view
    rng = np.random.default_rng(0)
    place = np.array([view.width() / 2, view.height() / 2])
    samples = []
    for _ in range(moves):
        place = np.clip(place + rng.normal(0, 25, 2), 20, (view.width() - 20, view.height() - 20))
        start = time.perf_counter()
        QTest.mouseMove(view, QPoint(*(int(part) for part in place)))
        wait(app, lambda: decoded(session, window))
        samples.append(1000 * (time.perf_counter() - start))
    return round(float(np.percentile(samples, 95)), 2)


def conv64_exhibits() -> list:
    """Return an AE and a VAE with convolutional bodies on 64x64 images; weights as initialised."""
    small = open_data("shapes", n=sized(1000, quick=1000, smoke=100))
    images = small.pixels(slice(None)).repeat(2, axis=2).repeat(2, axis=3)
    source = Source("shapes", None, {}, len(images), images.shape[1:], "shapes at 64x64")
    dataset = Dataset("shapes64", images, source, small.labels, small.label_names)
    exhibits = []
    for family in ("ae", "vae"):
        config = Config(family, {"latent_dim": 8, "body": "conv"})
        mean = dataset.batch(slice(None)).float().mean(dim=0) / 255
        model = build(family, config.model, dataset.shape, mean)
        weights = {name: value.numpy() for name, value in model.state_dict().items()}
        run = Run(family, config, source, 0, "finished", "", (), weights, 1, {})
        run = result_of(encode(run, model.spaces(), dataset))
        exhibits.append(replace(exhibit_of(run, "", dataset), spaces=model.spaces()))
    return exhibits


def rest(app: QApplication) -> None:
    """Let what a start brings with it (imports, the projection process) come to an end."""
    end = time.monotonic() + sized(4.0, quick=4.0, smoke=0.0)
    wait(app, lambda: time.monotonic() > end)


def fill(app: QApplication, session: Session, window: Window, exhibits: list) -> None:
    """Put `exhibits` in the slots and wait until each has decoded."""
    session.set_slot_count(len(exhibits))
    for slot, exhibit in enumerate(exhibits):
        session.put(slot, exhibit)
    wait(app, lambda: decoded(session, window))


def main() -> None:
    moves = sized(500, quick=150, smoke=3)
    figures = {}
    with open_window() as (app, session, window):
        rest(app)
        pair = [state.exhibit for state in session.slots]
        figures["p95_ms"] = p95_ms(app, session, window, moves)
        print(f"two slots: {figures['p95_ms']} ms", file=sys.stderr)
        epochs: list[str] = []
        session.progressed.connect(lambda job, _: epochs.append(job))
        session.training.begin(Config("vae", {"latent_dim": 8}, epochs=10_000), "background", 1)
        wait(app, lambda: epochs)
        rest(app)
        figures["p95_training_ms"] = p95_ms(app, session, window, moves)
        print(f"while training: {figures['p95_training_ms']} ms", file=sys.stderr)
        end_training(app, session)
        fill(app, session, window, pair * 2)
        figures["p95_four_slots_ms"] = p95_ms(app, session, window, moves)
        print(f"four slots: {figures['p95_four_slots_ms']} ms", file=sys.stderr)
        fill(app, session, window, conv64_exhibits())
        figures["p95_conv64_ms"] = p95_ms(app, session, window, moves)
    print(json.dumps({"benchmark": "hover", "figures": figures, "peers": {}, "ratios": {}}))


if __name__ == "__main__":
    main()
