"""Benchmarks give the figures that others rely on; how fast they are is never tested."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.founding import quick_stores

from smki.interfaces.bench_lodging import TOGETHER, bench_lodge
from smki.interfaces.cli import main

KEYS = {
    "count",
    "processes",
    "seconds",
    "per_second",
    "limit_per_second",
    "ratio",
    "peak_rss_mib",
}


def test_lodging_is_measured_to_the_last_entry(tmp_path: Path) -> None:
    """All entries are durable in a record whose root is the tree's; progress tells of each."""
    count, told = TOGETHER + 300, list[tuple[str, int, int]]()
    figures = bench_lodge(tmp_path / "state", count, lambda *step: told.append(step))
    assert figures.count == count
    assert told[-1] == ("lodging", count, count)
    note = (tmp_path / "state" / "checkpoint").read_text()
    assert note.splitlines()[:2] == ["benchmark.invalid", str(count)]
    assert figures.per_second == pytest.approx(count / figures.seconds, rel=0.05)
    assert figures.ratio == pytest.approx(figures.per_second / figures.limit_per_second, abs=0.01)


@pytest.mark.parametrize(
    ("name", "count", "more"),
    [
        ("issue", 60, set()),
        (
            "lodge",
            500,
            {
                "tree_per_second",
                "tree_ratio",
                "disk_per_second",
                "first_per_second",
                "last_per_second",
            },
        ),
        (
            "lookup",
            500,
            {"p99_milliseconds", "limit_p99_milliseconds", "indexed_per_second"},
        ),
        (
            "audit",
            300,
            {
                "record_per_second",
                "index_per_second",
                "roots_per_second",
                "record_ratio",
                "octets_per_second",
            },
        ),
        ("estate", 20, {"octets_per_device"}),
        ("line", 20, {"without_line_per_second", "octets"}),
        ("prove", 301, {"p99_milliseconds", "kept_per_second", "proof_octets"}),
    ],
)
def test_a_benchmark_prints_one_document(name: str, count: int, more: set[str]) -> None:
    """`smki bench NAME --json`: the promised keys, on standard output and nothing else there."""
    with quick_stores():
        done = CliRunner().invoke(main, ["bench", name, "--count", str(count), "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert set(figures) == KEYS | more
    assert figures["count"] == count
    assert figures["ratio"] > 0


def test_issuing_extends_the_real_smki_if_asked(tmp_path: Path) -> None:
    """`--into-state`: the certificates are in the record and the index of the state directory."""
    environment = {"SMKI_STATE": str(tmp_path / "state")}

    def run(*words: str) -> tuple[int, Any]:
        done = CliRunner().invoke(main, [*words, "--json"], env=environment)
        return done.exit_code, json.loads(done.stdout)

    with quick_stores():
        code, refused = run("bench", "issue", "--count", "3", "--into-state")
        assert (code, refused["error"]["family"]) == (3, "unavailable")
        CliRunner().invoke(main, ["init", "--bare"], env=environment)
        before = run("repository", "audit")[1]["entries"]
        for _ in range(2):
            code, figures = run("bench", "issue", "--count", "3", "--into-state")
            assert (code, figures["count"]) == (0, 3)
        code, audited = run("repository", "audit")
    assert (code, audited["problems"]) == (0, [])
    assert audited["entries"] >= before + 6
