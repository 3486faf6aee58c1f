"""Appendix M: the SMKI interface design specification."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="sec-app-m",
        title="SEC Appendix M, SMKI Interface Design Specification",
        version="8.0, read whole",
    ),
)

_PORTAL: Final = "The portal is its own piece of work."

CLAUSES: Final = (
    Clause(
        id="sec-app-m:1.2",
        title="Measuring response times",
        summary="A request counts as received once all checks have passed and as answered when its result can be fetched.",
        who="DCC",
        status=Status.TODO,
        note="Comes with the measurement of service levels.",
    ),
    Clause(
        id="sec-app-m:2",
        title="The interfaces",
        summary="Portal, ad hoc and batched web services, each for whom and with what credential.",
        who="DCC",
        status=Status.PARTLY,
        note=f"The two web services. {_PORTAL}",
    ),
    Clause(
        id="sec-app-m:2.2",
        title="Acceptance and rejection",
        summary="A certificate not rejected at once is accepted.",
        who="subscribers",
        status=Status.TODO,
        note="Rejection comes with registration.",
    ),
    Clause(
        id="sec-app-m:2.3",
        title="SMKI portal",
        summary="Responsible officers submit requests and fetch certificates in a browser, with an IKI certificate on a token.",
        who="DCC",
        status=Status.TODO,
        note=_PORTAL,
    ),
    Clause(
        id="sec-app-m:2.3.1.2",
        title="Organisation request: format and signature",
        summary="The request is well formed and its signature proves possession of the key.",
        who="DCC",
        status=Status.PARTLY,
        note="Checked for every way in; the portal that organisations use is its own piece of work.",
    ),
    Clause(
        id="sec-app-m:2.3.1.3",
        title="Organisation request: whose identifier",
        summary="The identifier in the request belongs to the subscriber that the officer acts for.",
        who="DCC",
        status=Status.PARTLY,
        note="By party; by single officer it comes with registration.",
    ),
    Clause(
        id="sec-app-m:2.3.1.4",
        title="Organisation request: issue and lodge",
        summary="An approved request leads to issue, lodging and availability, in this order.",
        who="DCC",
        status=Status.TODO,
        note=_PORTAL,
    ),
    Clause(
        id="sec-app-m:2.3.1.5",
        title="Organisation certificate rejected",
        summary="A rejected organisation certificate is revoked, listed and the list lodged.",
        who="DCC",
        status=Status.PARTLY,
        note="Rejection comes with registration.",
    ),
    Clause(
        id="sec-app-m:2.3.1.7",
        title="Device request: format, signature, eligibility, size of a batch",
        summary="A device request is well formed, signed with its own key and from an eligible subscriber; a batch has at most 50,000.",
        who="DCC",
        status=Status.PARTLY,
        note=f"As a web service. {_PORTAL}",
    ),
    Clause(
        id="sec-app-m:2.3.1.8",
        title="Device request: eligibility and number for one device",
        summary="Fewer than 100 certificates were issued for the device before; more is an anomaly that a review may allow.",
        who="DCC",
        status=Status.PARTLY,
        note="The limit of one device can be raised; who decides so comes with registration.",
    ),
    Clause(
        id="sec-app-m:2.3.1.9",
        title="Device request: issue, lodge, fetch",
        summary="An approved request leads to issue, lodging and availability for 30 days, never available before lodged.",
        who="DCC",
        status=Status.PARTLY,
        note=f"As a web service. {_PORTAL}",
    ),
    Clause(
        id="sec-app-m:2.3.1.10",
        title="Device certificate rejected",
        summary="A rejection of a device certificate is logged and looked into.",
        who="DCC",
        status=Status.TODO,
        note="Rejection comes with registration.",
    ),
    Clause(
        id="sec-app-m:2.4",
        title="Ad hoc device request web service",
        summary="One request, one answer over mutual TLS, for import and gas suppliers and the DCC, to replace a device's certificate.",
        who="DCC",
        status=Status.PARTLY,
        note="Idle and renegotiation time limits of the transport follow what TLS 1.3 leaves of them.",
    ),
    Clause(
        id="sec-app-m:2.5",
        title="Batched device request web service",
        summary="A batch is posted, its result fetched by number; a party sees its own batches only.",
        who="DCC",
        status=Status.TODO,
        note="The section number of this service is ours by order; the code claims the message clauses.",
    ),
    Clause(
        id="sec-app-m:F",
        title="Forms of certification requests",
        summary="The fields, encodings and armour of organisation and device requests; criticality of extensions is not checked.",
        who="subscribers, DCC",
        status=Status.PARTLY,
        note="ZIP archives of requests come with the portal.",
    ),
    Clause(
        id="sec-app-m:G",
        title="Credentials and transport of the web services",
        summary="RSA-2048 client certificates, one for each interface, and the TLS suites to offer.",
        who="subscribers, DCC",
        status=Status.PARTLY,
        note="The server's own certificate is of the IKI here, not of a public authority.",
    ),
    Clause(
        id="sec-app-m:H",
        title="Portal addresses and roles",
        summary="Device and organisation portals are apart and open to the officers' roles.",
        who="DCC",
        status=Status.TODO,
        note=_PORTAL,
    ),
)
