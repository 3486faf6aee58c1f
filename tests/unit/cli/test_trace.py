"""A certificate leads to the configuration, the profiles and the clauses that it was issued under."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from smki.bootstrap import Settings, load_settings, open_front
from smki.bootstrap.settings import BEARING
from smki.flows.configuring import configuration_at
from smki.flows.configuring import configurations as all_of
from smki.flows.displaying import Change, changes, in_force_at, values_in
from smki.merkle.leaf import LeafType
from smki.terms import CertificateKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.cli.conftest import House


def configurations(house: House) -> int:
    """How many configurations are in the record."""
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        return len(front.index.items(of=LeafType.CONFIGURATION))


@pytest.mark.clause("sec:L9")
def test_a_certificate_is_traced(
    original: House, serial_of: Callable[[str, str], str], tmp_path: Path
) -> None:
    """The entry in force is told, with build, profile and policy; its content has all of them."""
    out = tmp_path / "configuration.json"
    serial = serial_of("supplier", "batch")
    code, told = original.json("certificate", "trace", serial, "--out", str(out))
    assert code == 0, told
    assert told["configuration"] < told["entry"]
    assert told["profile"] == CertificateKind.IKI_BATCH.value
    content = json.loads(out.read_bytes())
    assert {one["id"] for one in content["clauses"]} >= {"sec:L3.16", "sec-app-b:B"}
    assert content["configuration"]["crl_interval_hours"] == 12
    assert told["policy"] in json.dumps(content["profiles"]["settings"])
    assert content["build"] == told["build"]


@pytest.mark.clause("sec:L9")
def test_it_is_lodged_when_it_changed_and_only_then(house: House) -> None:
    """The same configuration is lodged once; another key, another entry; certificates stay with theirs."""
    once = configurations(house)
    assert once == 1
    refresh = ("registration", "refresh-crl", "issuing-oca")
    assert house.run(*refresh)[0] == 0
    assert configurations(house) == once
    assert house.run(*refresh, SMKI_CRL_INTERVAL_HOURS="6")[0] == 0
    assert configurations(house) == once + 1
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        first, second = (configuration_at(front, one) for one in all_of(front))
        assert changes(front, first) is None
        assert changes(front, second) == (
            Change(name="configuration.crl_interval_hours", before="12", after="6"),
            Change(name="profiles.settings.crl_interval", before="43200 s", after="21600 s"),
        )
        assert in_force_at(front, second.at) == second.entry
        assert in_force_at(front, second.at - timedelta(milliseconds=1)) == first.entry
        assert in_force_at(front, first.at - timedelta(milliseconds=1)) is None
        assert values_in(first)["profiles.settings.lifetimes.organisation"] == "10"
    assert house.json("repository", "audit")[1]["problems"] == []


@pytest.mark.clause("sec:L9")
def test_no_trace_of_what_is_not_there(original: House) -> None:
    """A serial number of nobody is refused."""
    code, said = original.json("certificate", "trace", "AB")
    assert (code, "no certificate of that number" in said["error"]["message"]) == (1, True)


def test_what_is_lodged_says_no_place_and_no_password(original: House) -> None:
    """Neither the state directory nor the database's address is in it, and every key is one of ours."""
    assert set(BEARING) <= set(Settings.model_fields)
    settings = load_settings(
        {"SMKI_STATE": str(original.state), "SMKI_DATABASE": "postgresql://u:opensesame@h/d"}
    )
    said = json.dumps(settings.bearing())
    assert "opensesame" not in said
    assert str(original.state) not in said
