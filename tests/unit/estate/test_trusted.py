from pathlib import Path

import pytest

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.estates import anchors_of, trusted_certificates
from smki.bootstrap.opening import load_hierarchy
from smki.devices import KINDS, DeviceKind, kinds
from smki.terms import Unavailable


@pytest.mark.clause("gbcs:4.3.2.2")
@pytest.mark.parametrize("kind", list(DeviceKind))
def test_every_cell_is_filled_from_the_house(house: Path, kind: DeviceKind) -> None:
    """Of whom the house has no certificate, the access control broker stands in."""
    settings = load_settings({"SMKI_STATE": str(house)})
    with open_front(settings) as front:
        certificates = trusted_certificates(settings, load_hierarchy(front))
    anchors = anchors_of(kind, certificates)
    assert tuple(anchors) == KINDS[kind].cells
    assert anchors[kinds.ROOT].contingency_key
    if kinds.LOAD_CONTROLLER_KA in anchors:
        assert anchors[kinds.LOAD_CONTROLLER_KA] == anchors[kinds.BROKER_KA]
        assert anchors[kinds.SUPPLIER_KA] != anchors[kinds.BROKER_KA]


def test_a_house_without_parties_is_told_what_is_missing(house: Path, tmp_path: Path) -> None:
    """By the roles whose cells nobody can fill; a file that is no certificate is named."""
    with open_front(load_settings({"SMKI_STATE": str(house)})) as front:
        hierarchy = load_hierarchy(front)
    settings = load_settings({"SMKI_STATE": str(tmp_path)})
    with pytest.raises(Unavailable, match=r"access_control_broker, .*recovery.*smki init"):
        trusted_certificates(settings, hierarchy)
    broken = tmp_path / "parties" / "supplier" / "0a534d4b49020001-ds.pem"
    broken.parent.mkdir(parents=True)
    broken.write_text("nothing")
    with pytest.raises(Unavailable, match=r"0a534d4b49020001-ds\.pem: cannot be read"):
        trusted_certificates(settings, hierarchy)
