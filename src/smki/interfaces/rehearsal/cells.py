"""What devices' cells hold before and after, out of the rehearsal's house; kept between its steps."""

from collections.abc import Mapping

from smki.bootstrap import open_front
from smki.bootstrap.estates import trusted_certificates
from smki.bootstrap.opening import load_hierarchy
from smki.flows.recovering import Cells
from smki.interfaces.rehearsal.frame import Run
from smki.merkle.base64_texts import read_base64, write_base64
from smki.merkle.canonical import JSON
from smki.terms import CertificateKind, Inconsistent, RemotePartyRole
from smki.wire.gbcs.trust_anchors import CellUsage, KeyUsageBits, TrustAnchorCellIdentifier


def cells_now(run: Run) -> Cells:
    """The certificates by which the house's parties are known now, by cell.

    Clause: gbcs:4.3.2.2
    """
    with open_front(run.house) as front:
        hierarchy = load_hierarchy(front)
        certificates = trusted_certificates(run.house, hierarchy)
    issuing = hierarchy.authority(CertificateKind.ISSUING_OCA).certificate
    return Cells(certificates=certificates, path=(issuing,))


def cells_said(cells: Cells) -> dict[str, JSON]:
    """The cells as a step keeps them."""
    return {
        "cells": [
            {
                "certificate": write_base64(certificate),
                "key_usage": int(cell.key_usage),
                "role": int(cell.role),
                "cell_usage": int(cell.cell_usage),
            }
            for cell, certificate in cells.certificates.items()
        ],
        "path": [write_base64(one) for one in cells.path],
    }


def cells_of(said: JSON) -> Cells:
    """The cells that a step kept.

    Raises:
        Inconsistent: they are not as they were written.
    """
    if not isinstance(said, Mapping):
        raise Inconsistent("rehearsal: cells that were kept are no object, must be")
    cells, path = said.get("cells"), said.get("path")
    if not isinstance(cells, list) or not isinstance(path, list):
        raise Inconsistent("rehearsal: cells that were kept are no list, must be")
    return Cells(certificates=dict(map(_cell, cells)), path=tuple(map(_octets, path)))


def _cell(said: JSON) -> tuple[TrustAnchorCellIdentifier, bytes]:
    if not isinstance(said, Mapping):
        raise Inconsistent("rehearsal: one of the cells that were kept is no object, must be")
    try:
        cell = TrustAnchorCellIdentifier(
            role=RemotePartyRole(_whole(said, "role")),
            key_usage=KeyUsageBits(_whole(said, "key_usage")),
            cell_usage=CellUsage(_whole(said, "cell_usage")),
        )
        return cell, _octets(said["certificate"])
    except (KeyError, ValueError) as error:
        raise Inconsistent(
            f"rehearsal: one of the cells that were kept: {error!r}, must be as it was written"
        ) from error


def _octets(text: JSON) -> bytes:
    octets = read_base64(text)
    if octets is None:
        raise Inconsistent(
            "rehearsal: cells that were kept have a certificate not in base64, must be"
        )
    return octets


def _whole(one: Mapping[str, JSON], name: str) -> int:
    return int(str(one[name]))
