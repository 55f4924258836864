"""A report: whole or not at all, its page and its numbers agree, and it needs no window."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from finishing import found_by
from json_schema import faults
from PIL import Image

from vaeexplorer import cli
from vaeexplorer.data import open_data
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.draws import draws_on_map
from vaeexplorer.jobs.findings import GRID_SIDE
from vaeexplorer.jobs.holes import holes
from vaeexplorer.jobs.laws import Fits
from vaeexplorer.jobs.opening import chosen_map, open_exhibit, with_model
from vaeexplorer.jobs.overlays import on_one_scale, stretch
from vaeexplorer.jobs.paths import PathChoice, film_path, first_ends
from vaeexplorer.jobs.reporting import write_report
from vaeexplorer.jobs.scoring import Grounds, score_runs
from vaeexplorer.jobs.training import train_and_save
from vaeexplorer.jobs.worst import worst_places
from vaeexplorer.latent.alignment import aligned
from vaeexplorer.latent.lift import lift_of
from vaeexplorer.latent.paths import WAYS
from vaeexplorer.latent.projection import Map, ProjectionError
from vaeexplorer.regularity.law_names import OWN
from vaeexplorer.report.blocks import table_of
from vaeexplorer.report.draws import DRAWS_ROWS
from vaeexplorer.report.evidence import STRETCH_ROWS, path_quantities
from vaeexplorer.report.figures import GRID_GAP
from vaeexplorer.report.findings import Window
from vaeexplorer.report.holes import HOLES_ROWS
from vaeexplorer.report.origin import REPEATED, origin
from vaeexplorer.report.quantities import BESIDE, SCORES, Quantity, number
from vaeexplorer.run import Config, Progress, result_of
from vaeexplorer.storage import StorageError, load_run, save_run

LAWS = ("mixture:2", "neighbours")

pytestmark = pytest.mark.usefixtures("_one_thread")


def train_run(data: Any, family: str, folder: Path, name: str = "") -> Path:
    config = Config(family, {"latent_dim": 3}, epochs=2)
    for _ in train_and_save(open_data(data), config, None, name=name, threads=1, folder=folder):
        pass
    # A UMAP takes seconds; what a report does about a run without one has a test of its own.
    run = load_run(folder)
    positions = np.random.default_rng(0).normal(size=(len(run.codes["z"].mean), 2))
    stored = {**run.maps["z"], "umap": Map("umap", positions.astype(np.float32))}
    save_run(replace(run, maps={"z": stored}), folder)
    return folder


def report_on(*folders: Path, out: Path, laws: Sequence[str] = ()) -> dict[str, Any]:
    found: dict[str, Any] = found_by(write_report(folders, out, laws))
    return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tmp_path_factory.mktemp("pair")
    ae = train_run("digits", "ae", base / "ae", name="the <b>first</b> & only")
    return ae, train_run("digits", "vae", base / "vae")


@pytest.fixture(scope="module")
def report(pair: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reports") / "report"
    report_on(*pair, out=out, laws=LAWS)
    return out


def noise_file(folder: Path) -> Path:
    """60 noise pictures of 6 x 5 pixels without labels."""
    pixels = np.random.default_rng(0).integers(0, 256, (60, 6, 5), np.uint8)
    header = np.array([0x803, 60, 6, 5], ">i4").tobytes()
    file = folder / "noise-idx3-ubyte.gz"
    file.write_bytes(gzip.compress(header + pixels.tobytes()))
    return file


@pytest.fixture
def idx_file(tmp_path: Path) -> Path:
    return noise_file(tmp_path)


@pytest.fixture(scope="module")
def noise_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("noise")
    return train_run(noise_file(base), "ae", base / "run")


@pytest.fixture(scope="module")
def unmapped(noise_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on a run without a UMAP that gets none: to make it fails."""
    base = tmp_path_factory.mktemp("unmapped")
    run = load_run(noise_run)
    save_run(replace(run, maps={"z": {"pca": run.maps["z"]["pca"]}}), base / "run")

    def broken(*_: object, **__: object) -> Generator[None, None, None]:
        raise ProjectionError("The map could not be made.")
        yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vaeexplorer.jobs.findings.project_codes", broken)
        report_on(base / "run", out=base / "out")
    return base / "out"


class Page(HTMLParser):
    """What a page shows: attributes of its tags, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(folder: Path) -> Page:
    return Page((folder / "index.html").read_text(encoding="utf-8"))


def numbers_of(folder: Path) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    return json.loads((folder / "report.json").read_text(encoding="utf-8"), parse_constant=refuse)


def pictures_of(numbers: dict[str, Any]) -> set[str]:
    named = {name for run in numbers["runs"] for name in run["pictures"].values()}
    return (named | set(numbers["path"]["pictures"].values())) - {None}


def test_pictures_of_the_page_and_of_the_numbers_are_the_files(report: Path) -> None:
    named = pictures_of(numbers_of(report))
    page = page_of(report)
    linked = {image["src"] for image in page.all("img")}
    linked |= {source["srcset"] for source in page.all("source")}
    assert linked == named
    assert {file.name for file in report.iterdir()} == named | {"index.html", "report.json"}
    for name in named:
        with Image.open(report / name) as picture:
            picture.load()
            assert picture.convert("RGB").getcolors(3) is None, "more than three colours"


def test_page_stands_by_itself_and_speaks_to_those_who_cannot_see_it(report: Path) -> None:
    page = page_of(report)
    assert all(image["alt"] for image in page.all("img"))
    assert not page.all("script")
    assert not page.all("link")
    assert "http" not in (report / "index.html").read_text(encoding="utf-8")
    style = page.text
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style


def test_a_report_tells_when_and_with_what_it_was_made(
    report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = numbers_of(report)
    assert datetime.fromisoformat(numbers["made"]) <= datetime.now(UTC)
    assert numbers["made_with"]["torch"] == torch.__version__
    page = page_of(report).text
    assert f"torch {torch.__version__}" in page
    assert f"made on {numbers['made'][:10]} at {numbers['made'][11:16]} UTC." in page
    for run in numbers["runs"]:
        trained = load_run(Path(run["folder"]))
        assert (run["trained"], run["versions"]) == (trained.created, trained.versions)
        assert f"trained on {trained.created[:10]} by torch {trained.versions['torch']}." in page
    monkeypatch.setenv(REPEATED, "1767323045")
    assert origin() == {**origin(), "made": "2026-01-02T03:04:05+00:00"}


def test_names_are_shown_as_text(report: Path) -> None:
    assert not page_of(report).all("b")
    assert "the <b>first</b> & only" in page_of(report).text


def test_numbers_of_both_families(report: Path) -> None:
    ae, vae = numbers_of(report)["runs"]
    assert (ae["slot"], vae["slot"]) == ("A", "B")
    assert (ae["family"], vae["family"]) == ("ae", "vae")
    for run in (ae, vae):
        assert run["latent_dim"] == 3
        assert len(run["code_variances"]) == 3
        assert {"score", "sd", "C", "C20", "gate", "R2", "A", "J"} <= run["continuity"].keys()
        assert {"score", "sd", "P", "Q", "law", "others"} <= run["completeness"].keys()
        assert run["n"] > 0
    assert ae["rates"] is ae["active_units"] is ae["held_out"]["rate"] is None
    for run in (ae, vae):
        trust = run["map_trust"]
        assert trust["n"] == trust["sampled"] == run["images"]
        said = f"Trustworthiness of the map {trust['trustworthiness']:.2f}"
        assert said in page_of(report).text
    assert len(vae["rates"]) == 3
    assert vae["held_out"]["elbo"] == pytest.approx(
        -vae["held_out"]["distortion"] - vae["held_out"]["rate"]
    )
    assert (ae["law"], vae["law"]) == ("fitted Gaussian", "standard normal")
    assert "declares no prior" in page_of(report).text
    assert numbers_of(report)["comparison"]


def test_further_laws_are_drawn_from_scored_and_named(report: Path) -> None:
    page = page_of(report)
    for run in numbers_of(report)["runs"]:
        # Nothing here has a codebook.
        assert run["laws"] == {"mixture:2": "fitted mixture of 2"}
        picture = run["pictures"]["samples_mixture_2"]
        assert picture == f"{run['slot'].lower()}-samples-mixture-2.png"
        assert (report / picture).read_bytes() != (report / run["pictures"]["samples"]).read_bytes()
        score = run["completeness"]["others"]["fitted mixture of 2"]
        assert f"From the fitted mixture of 2: completeness {score:.2f}" in page.text
        for ending in ("", "_dark"):
            picture = run["pictures"][f"draws_mixture_2{ending}"]
            assert picture == f"{run['slot'].lower()}-draws-mixture-2{ending.replace('_', '-')}.png"
            own = report / run["pictures"][f"draws{ending}"]
            assert (report / picture).read_bytes() != own.read_bytes()
        own, further = run["draws"], run["draws"]["others"]["fitted mixture of 2"]
        told = f"400 draws from the {own['law']}: distance to the nearest real image"
        assert f"{told}, median {own['median']:.2f};" in page.text
        assert f"From the fitted mixture of 2: median {further['median']:.2f}" in page.text
    assert "Completeness, fitted mixture of 2" in page.text
    assert "Distance of draws, fitted mixture of 2" in page.text


SCHEMA = json.loads(
    (Path(__file__).parent.parent / "docs" / "report.schema.json").read_text(encoding="utf-8")
)


def test_numbers_are_as_the_schema_says(report: Path) -> None:
    assert list(faults(numbers_of(report), SCHEMA)) == []


def test_the_schema_finds_what_is_wrong(report: Path) -> None:
    numbers = numbers_of(report)
    numbers["runs"][0]["continuity"]["C"] = 1.5
    numbers["runs"][0]["status"] = "lost"
    numbers["runs"][1]["n"] = "many"
    del numbers["runs"][1]["verdict"]
    numbers["runs"][1]["path"]["slerp"]["steps"] = []
    numbers["path"]["start"]["image"] = -1
    numbers["extra"] = 1
    assert len(list(faults(numbers, SCHEMA))) == 7


@pytest.mark.slow
def test_a_codebook_has_no_continuity_to_compare(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    for _ in train_and_save(
        open_data("digits"), Config("vqvae", epochs=1), None, threads=1, folder=folder
    ):
        pass
    (space,) = load_run(folder).codes
    maps = {space: {"umap": Map("umap", np.random.default_rng(0).random((1797, 2), np.float32))}}
    save_run(replace(load_run(folder), maps=maps), folder)
    written = report_on(folder, folder, out=tmp_path / "out")
    assert list(faults(written, SCHEMA)) == []
    assert all(run["snaps"] is True for run in written["runs"])
    assert "Codes snap to a codebook" in page_of(tmp_path / "out").text
    assert any("snaps codes to a codebook" in line for line in written["warnings"])


@pytest.mark.slow
def test_displacement_fields_are_not_compared_with_images(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    flow = train_run("digits", "flowvae", tmp_path / "flow")
    written = report_on(pair[1], flow, out=tmp_path / "out")
    assert list(faults(written, SCHEMA)) == []
    images, fields = written["runs"]
    assert "scored" not in images
    assert fields["scored"].startswith("displacement fields")
    assert written["comparison"] == ["Not comparable: the scores are on different data."]
    scored = result_of(score_runs((pair[1], flow)))
    for run, scores in zip(written["runs"], scored, strict=True):
        assert {key: run[key] for key in scores.keys() - {"comparison"}} == {
            key: scores[key] for key in scores.keys() - {"comparison"}
        }


def test_scores_of_the_report_are_those_of_the_command(
    report: Path, pair: tuple[Path, Path]
) -> None:
    scored = result_of(score_runs(pair, laws=LAWS))
    for run, scores in zip(numbers_of(report)["runs"], scored, strict=True):
        for key in scores.keys() - {"comparison"}:
            assert run[key] == scores[key], key
    first, second = (run["comparison"] for run in numbers_of(report)["runs"])
    assert first is None
    assert second["with"] == "A"
    assert second["verdict"] == numbers_of(report)["comparison"]
    assert second["warnings"] == numbers_of(report)["warnings"]


def test_the_evidence_is_what_the_jobs_of_the_window_find(
    report: Path, pair: tuple[Path, Path]
) -> None:
    numbers = numbers_of(report)
    exhibits = [with_model(result_of(open_exhibit(folder))) for folder in pair]
    maps = [chosen_map(exhibit, "") for exhibit in exhibits]
    maps[1] = aligned(maps[1], maps[0])
    fields, draws = {}, {}
    laws = {OWN: None, "mixture:2": "fitted mixture of 2"}
    grounds = Grounds()
    start, end = first_ends(exhibits[0].codes["z"].mean, exhibits[0].labels)
    assert (numbers["path"]["start"]["image"], numbers["path"]["end"]["image"]) == (start, end)
    for slot, (exhibit, shown) in enumerate(zip(exhibits, maps, strict=True)):
        run, space, codes = numbers["runs"][slot], exhibit.spaces["z"], exhibit.codes["z"].mean
        lift = lift_of(shown, codes)
        lift.lattice = result_of(lift.make_lattice())
        fields[slot] = result_of(stretch(space, lift))
        fits = Fits(exhibit)
        for law in laws:
            job = draws_on_map(space, fits.law(law), lift, exhibit.dataset)
            draws[slot, law] = result_of(job)
        split = exhibit.dataset.split(exhibit.split_seed)
        emptied = result_of(holes(space, lift, exhibit.codes["z"], split)).emptied
        assert run["holes"]["share"] == emptied.share == run["secondary"]["far_share"]
        assert run["holes"]["law"] == emptied.law == run["completeness"]["law"]
        assert run["holes"]["farthest"] == emptied.distances.max(initial=0)
        worst = result_of(worst_places(space, exhibit.dataset, split, grounds))
        assert run["worst"]["steepest_steps"] == [place.amount for place in worst.steps]
        assert run["worst"]["emptiest_draws"] == [place.amount for place in worst.draws]
        assert run["path"].keys() == set(WAYS)
        for way in WAYS:
            choice = PathChoice(exhibit.source.fingerprint, start, end, way)
            film = result_of(film_path(space, codes, choice))
            assert run["path"][way]["steps"] == film.steps.tolist()
            assert run["path"][way]["largest_over_mean_step"] == film.ratio
            assert run["path"][way]["largest_gap"] == film.gaps.max()
    for slot, field in on_one_scale(fields).items():
        run = numbers["runs"][slot]
        assert run["stretch"]["median"] == field.median
        assert run["stretch"]["reference"] == field.reference
        for law, title in laws.items():
            numbers_of_law = run["draws"] if title is None else run["draws"]["others"][title]
            assert numbers_of_law["largest"] == draws[slot, law].distances.max()
            assert numbers_of_law["median"] == np.median(draws[slot, law].distances)
        assert run["draws"]["limit"] == max(one.distances.max() for one in draws.values())
        assert run["draws"]["reconstructions"] == draws[slot, OWN].real


def test_the_evidence_stands_on_the_page_with_every_definition(report: Path) -> None:
    text, numbers = page_of(report).text, numbers_of(report)
    for quantity in (*path_quantities(WAYS), *STRETCH_ROWS, *DRAWS_ROWS, *HOLES_ROWS):
        assert quantity.name in text
        assert quantity.definition in text
        for run in numbers["runs"]:
            assert quantity.text(run) in text
    for run in numbers["runs"]:
        for amount in run["worst"]["steepest_steps"] + run["worst"]["emptiest_draws"]:
            assert f"{amount:.1f} \N{MULTIPLICATION SIGN}" in text
    assert f"image {numbers['path']['start']['image']} (label" in text


@pytest.mark.slow
def test_a_run_on_other_data_has_no_path_between_these_images(
    pair: tuple[Path, Path], idx_file: Path, tmp_path: Path
) -> None:
    other = train_run(idx_file, "ae", tmp_path / "other")
    written = report_on(pair[0], other, out=tmp_path / "out")
    assert list(faults(written, SCHEMA)) == []
    assert written["runs"][0]["path"] is not None
    assert written["runs"][1]["path"] is None
    assert "B: Other data than that of A" in page_of(tmp_path / "out").text


def test_numbers_read_as_what_they_are() -> None:
    assert number(-0.001) == "0.00"
    assert number(-1234.5) == "−1,234.50"
    score = Quantity("score", "", ("score",), sd=("sd",))
    assert score.text({"score": 0.3074, "sd": 0.0031}) == "0.307 ± 0.003"
    assert score.text({"score": 0.3074, "sd": 0.0131}) == "0.31 ± 0.01"


def test_what_does_not_exist_is_explained_where_it_stands() -> None:
    rows = (Quantity("rate", "in nats", ("rate",)), Quantity("law", "drawn from", ("law",)))
    has, lacks = {"slot": "A", "rate": 2, "law": "standard normal"}, {"slot": "B", "law": "uniform"}
    assert "-- stands where a quantity does not exist." in table_of([has, lacks], rows)
    assert "--" not in table_of([has, has], rows).replace("--slot", "")


def test_the_scorecard_stands_on_the_page_with_every_definition(report: Path) -> None:
    text = page_of(report).text
    runs = numbers_of(report)["runs"]
    for quantity in (*SCORES, *BESIDE):
        assert quantity.name in text
        assert quantity.definition in text
        for run in runs:
            assert (quantity.text(run) or "--") in text
    for run in runs:
        score = run["completeness"]
        digits = 2 if score["sd"] >= 0.005 else 3
        assert f"{score['score']:.{digits}f} ± {score['sd']:.{digits}f}" in text
    for line in (*numbers_of(report)["comparison"], *numbers_of(report)["warnings"]):
        assert line in text
    assert any("different laws" in line for line in numbers_of(report)["warnings"])


@pytest.mark.slow
def test_a_run_without_a_umap_is_given_one_for_the_report_only(
    idx_file: Path, tmp_path: Path
) -> None:
    folder = train_run(idx_file, "ae", tmp_path / "run")
    run = load_run(folder)
    save_run(replace(run, maps={"z": {"pca": run.maps["z"]["pca"]}}), folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    written = report_on(folder, out=tmp_path / "out")
    assert written["runs"][0]["map"] == "umap"
    assert "UMAP of the codes" in page_of(tmp_path / "out").text
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_umap_that_fails_leaves_the_map_that_there_is(unmapped: Path) -> None:
    assert numbers_of(unmapped)["runs"][0]["map"] == "pca"


def test_numbers_are_those_on_the_page(report: Path) -> None:
    text = page_of(report).text
    for run in numbers_of(report)["runs"]:
        for value in (run["held_out"]["distortion"], run["continuity"]["score"]):
            assert f"{value:.2f}" in text


@pytest.mark.slow
def test_stored_umap_is_drawn_before_pca(pair: tuple[Path, Path], tmp_path: Path) -> None:
    run = load_run(pair[0])
    (space,) = run.codes
    positions = np.random.default_rng(0).normal(size=(len(run.codes[space].mean), 2))
    umap = Map("umap-learn", positions.astype(np.float32))
    maps = {space: {"pca": run.maps[space]["pca"], "umap-learn": umap}}
    save_run(replace(run, maps=maps), tmp_path / "mapped")
    written = report_on(tmp_path / "mapped", out=tmp_path / "out")
    assert written["runs"][0]["map"] == "umap-learn"
    assert numbers_of(tmp_path / "out") == written


def test_run_whose_data_is_gone_is_shown_without_reconstructions(
    idx_file: Path, tmp_path: Path
) -> None:
    folder = train_run(idx_file, "vae", tmp_path / "run")
    idx_file.unlink()
    report_on(folder, out=tmp_path / "out")
    (run,) = numbers_of(tmp_path / "out")["runs"]
    assert run["pictures"]["reconstructions"] is None
    assert run["continuity"] is run["completeness"] is run["n"] is None
    assert run["worst"] is run["draws"] is run["pictures"]["draws"] is None
    assert run["holes"] is run["pictures"]["holes"] is run["pictures"]["holes_dark"] is None
    assert run["stretch"]["median"] > 0
    assert list(faults(numbers_of(tmp_path / "out"), SCHEMA)) == []
    assert "were not found again" in page_of(tmp_path / "out").text
    assert (tmp_path / "out" / run["pictures"]["samples"]).is_file()


def test_grid_has_the_pixels_of_its_tiles(unmapped: Path) -> None:
    with Image.open(unmapped / numbers_of(unmapped)["runs"][0]["pictures"]["grid"]) as picture:
        width, height = picture.size
    gaps = (GRID_SIDE - 1) * GRID_GAP
    scale, rest = divmod(width - gaps, 5 * GRID_SIDE)
    assert rest == 0
    assert height == 6 * GRID_SIDE * scale + gaps


@pytest.mark.slow
def test_former_report_is_replaced_and_nothing_is_left_beside(
    report: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(report, out)
    report_on(pair[1], out=out)
    assert len(numbers_of(out)["runs"]) == 1
    assert not list(out.glob("b-*"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("beside", ["before", "after"])
def test_folder_with_other_things_is_left_alone(
    beside: str, report: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    if beside == "after":
        shutil.copytree(report, out)
    out.mkdir(exist_ok=True)
    (out / "letter.txt").write_text("dear")
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    with pytest.raises(StorageError, match="other things than a report"):
        report_on(pair[0], out=out)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before


@pytest.mark.slow
def test_failure_while_writing_keeps_the_former_report(
    report: Path, pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    shutil.copytree(report, out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vaeexplorer.report.render", full)
    with pytest.raises(StorageError, match="disk is full"):
        report_on(pair[0], out=out)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_command_prints_the_numbers_and_needs_no_window(noise_run: Path, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from vaeexplorer.cli import main\n"
        "code = main()\n"
        "sys.exit(code or sorted({'PySide6', 'pyqtgraph'} & set(sys.modules)) or None)\n"
    )
    arguments = ["report", str(noise_run), "--out", str(tmp_path / "out"), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == numbers_of(tmp_path / "out")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["vae-explorer", *map(str, arguments)])
        return cli.main()

    return run


def test_mistakes_have_their_exit_codes(
    command: Callable[..., int],
    pair: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command("report", tmp_path / "nowhere", "--out", tmp_path / "out") == 66
    assert "nowhere" in capsys.readouterr().err
    (tmp_path / "letter.txt").write_text("dear")
    assert command("report", pair[0], "--out", tmp_path) == 2
    assert "letter.txt" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_default_pair_is_what_a_report_is_on_when_no_run_is_named(
    command: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def write(runs: Sequence[Path], *_: object) -> Generator[Progress, None, dict[str, Any]]:
        asked.extend(runs)
        yield Progress("writing")
        return {"runs": []}

    monkeypatch.setattr("vaeexplorer.jobs.reporting.write_report", write)
    assert command("report", "--out", tmp_path / "out") == 0
    assert asked == list(default_pair_folders())


@pytest.mark.slow
def test_default_pair_is_reported_when_no_run_is_named(
    command: Callable[..., int], tmp_path: Path
) -> None:
    assert command("report", "--out", tmp_path / "out") == 0
    families = [run["family"] for run in numbers_of(tmp_path / "out")["runs"]]
    assert families == ["ae", "vae"]
    assert [run["map"] for run in numbers_of(tmp_path / "out")["runs"]] == ["umap-learn"] * 2


def test_window_is_a_square_around_the_dots_with_the_top_row_first() -> None:
    positions = np.array([[0.0, 0.0], [10.0, 4.0]], np.float32)
    window = Window.around(positions, margin=0.0)
    assert (window.left, window.bottom, window.side) == (0.0, -3.0, 10.0)
    np.testing.assert_allclose(
        window.centres(2), [[2.5, 4.5], [7.5, 4.5], [2.5, -0.5], [7.5, -0.5]]
    )
    assert window.holding(positions, 2).tolist() == [False, True, True, False]
    pixels = window.pixels(positions, 100)
    np.testing.assert_allclose(pixels, [[0, 70], [100, 30]])
    assert Window.around(np.zeros((3, 2), np.float32)).side > 0
