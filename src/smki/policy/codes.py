"""One table from the rule that was broken to the status and error code of the services.

The specification gives the prefixes and a few examples (FM:AA1 to FM:AA3, WF:BB1, WF:BB2,
CR:CC1); the rest of the table is ours and documented in `docs/reference/error-codes.md`.
"""

from dataclasses import dataclass
from typing import Final

from smki.terms import AdHocStatus, ItemStatus

_A = AdHocStatus
_I = ItemStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What the services answer when a rule was broken.

    Attributes:
        rule: the rule's name, or the part of it before the first dot.
        code: error code, two capitals, a colon, letters or digits; at most 10 characters.
        item: status in the result of a batch.
        ad_hoc: status in the answer of the ad hoc service.

    Clause: sec-app-m:F
    """

    rule: str
    code: str
    item: ItemStatus
    ad_hoc: AdHocStatus


CODES: Final = {
    rule: Code(rule=rule, code=code, item=item, ad_hoc=ad_hoc)
    for rule, code, item, ad_hoc in (
        ("xml", "FM:AA1", _I.CSR_ERROR, _A.FORMAT_ERROR),
        ("http", "FM:AA1", _I.CSR_ERROR, _A.FORMAT_ERROR),
        ("batch.id", "FM:AA1", _I.CSR_ERROR, _A.FORMAT_ERROR),
        ("batch.count", "FM:AA2", _I.CSR_ERROR, _A.FORMAT_ERROR),
        ("batch.unknown", "FM:AA3", _I.CSR_ERROR, _A.FORMAT_ERROR),
        ("csr.algorithm", "CR:CC1", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.base64", "CR:CC2", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.armour", "CR:CC2", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr", "CR:CC3", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.trailing", "CR:CC4", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.minimal", "CR:CC4", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.size", "CR:CC5", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.signature", "CR:CC6", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.curve", "CR:CC7", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.point", "CR:CC8", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.usage", "CR:CC9", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.subject", "CR:CD1", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.hardware", "CR:CD2", _I.CSR_ERROR, _A.CSR_ERROR),
        ("device.hw-type", "CR:CD2", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.serial", "CR:CD3", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.version", "CR:CD4", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.attribute", "CR:CD5", _I.CSR_ERROR, _A.CSR_ERROR),
        ("csr.extension", "CR:CD5", _I.CSR_ERROR, _A.CSR_ERROR),
        ("anomaly.limit", "CA:DD1", _I.ISSUANCE_ANOMALY, _A.ISSUANCE_ANOMALY),
        ("anomaly.key", "CA:DD2", _I.ISSUANCE_ANOMALY, _A.ISSUANCE_ANOMALY),
        ("authority", "CA:DE1", _I.CA_ERROR, _A.CA_ERROR),
        ("device.unknown", "UD:EE1", _I.CSR_ERROR, _A.UNKNOWN_DEVICE),
        ("rate.exceeded", "WF:GG1", _I.WORKFLOW_ERROR, _A.WORKFLOW_ERROR),
        ("batch.ended", "WF:BB3", _I.WORKFLOW_ERROR, _A.WORKFLOW_ERROR),
        ("internal", "WF:BB1", _I.WORKFLOW_ERROR, _A.WORKFLOW_ERROR),
    )
}

_INELIGIBLE: Final = {
    True: Code(
        rule="device.ineligible", code="WF:FF1", item=_I.WORKFLOW_ERROR, ad_hoc=_A.WORKFLOW_ERROR
    ),
    False: Code(
        rule="device.ineligible", code="IN:FF1", item=_I.INELIGIBLE, ad_hoc=_A.WORKFLOW_ERROR
    ),
}


def code_of(rule: str, *, ad_hoc: bool) -> Code:
    """The row for this rule, else that of its family, else `internal`.

    The services word ineligibility differently: INELIGIBLE with prefix IN in a batch,
    WORKFLOW_ERROR with prefix WF from the ad hoc service.

    Clause: sec-app-m:F
    """
    if rule == "device.ineligible":
        return _INELIGIBLE[ad_hoc]
    family = rule.partition(".")[0]
    return CODES.get(rule) or CODES.get(family) or CODES["internal"]


_ITEM_STATUSES: Final = {
    code.code: code.item for code in (*_INELIGIBLE.values(), *reversed(CODES.values()))
}


def item_status_of(code: str) -> ItemStatus:
    """The status in the result of a batch that goes with this error code.

    Clause: sec-app-m:F
    """
    return _ITEM_STATUSES.get(code, ItemStatus.WORKFLOW_ERROR)
