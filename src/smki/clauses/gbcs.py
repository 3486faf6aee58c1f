"""The GB Companion Specification, where it speaks of identifiers, headers and certificates."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="gbcs",
        title="GB Companion Specification",
        version="4.4 by its outline; section 12 after 0.8.1 of 28 November 2014",
    ),
)

CLAUSES: Final = (
    Clause(
        id="gbcs:4.3.1",
        title="Entity identifiers",
        summary="Every entity is known by an 8-octet EUI-64.",
        who="everyone",
        status=Status.PARTLY,
        note="Ranges reserved for kinds of entities are not checked.",
    ),
    Clause(
        id="gbcs:4.3.2.2",
        title="Remote party roles",
        summary="The closed list of role codes that organisation certificates carry in OU.",
        who="everyone",
        status=Status.PARTLY,
        note="From two public code bases; roles added later would be new codes.",
    ),
    Clause(
        id="gbcs:7.2.7",
        title="Grouping header",
        summary="The general-signing header that says who sent a message to whom, its counter and its code.",
        who="devices, parties",
        status=Status.PARTLY,
        note="Whole messages with every supplementary layout; the payloads of DLMS and GBZ are read as structures, not by meaning.",
    ),
    Clause(
        id="gbcs:12",
        title="Certificates that devices process",
        summary="P-256, ECDSA with SHA-256, key usage and policies critical, key identifiers of 8 octets by method 2.",
        who="certification authorities",
        status=Status.PARTLY,
        note="From an early draft, agreeing with every published certificate but the exceptions on the divergences page.",
    ),
    Clause(
        id="gbcs:18.4",
        title="Reference messages",
        summary="Published messages that an implementation can compare with.",
        who="implementers",
        status=Status.MET,
        note="The published command, and every message of the reference data whose keys are published.",
    ),
    Clause(
        id="gbcs:use-cases",
        title="Message codes and use cases",
        summary="Each message code names one use case, with how it is protected and who may ask.",
        who="devices, parties",
        status=Status.PARTLY,
        note="From public sources; what they do not say is left open in the table.",
    ),
    Clause(
        id="gbcs:GBT",
        title="General Block Transfer",
        summary="Large messages travel in numbered blocks that are acknowledged and put together again.",
        who="devices, communications hubs",
        status=Status.PARTLY,
        note="By the structure that a public dissector shows: no block is in the reference data.",
    ),
    Clause(
        id="gbcs:CS02a",
        title="Provide security credential details",
        summary="A device tells what its trust anchor cells hold, role by role (CS02a, CS02f).",
        who="devices",
        status=Status.PARTLY,
        note="Simulated devices answer; what the sources leave open is on the divergences page.",
    ),
    Clause(
        id="gbcs:CS02b",
        title="Update security credentials",
        summary="Trust anchors are replaced, in twelve modes, at once or at a time (CS02b, CS02g).",
        who="devices",
        status=Status.PARTLY,
        note="Simulated devices obey; what the sources leave open is on the divergences page.",
    ),
    Clause(
        id="gbcs:CS02c",
        title="A device's own credentials",
        summary="A device makes a key pair and its request, takes the certificate, and shows it (CS02c, CS02d, CS02e).",
        who="devices",
        status=Status.PARTLY,
        note="Simulated devices obey; what the sources leave open is on the divergences page.",
    ),
    Clause(
        id="gbcs:CS03",
        title="Join, unjoin and the device log",
        summary="Which devices may talk to each other at home (CS03, CS04, CS07).",
        who="devices",
        status=Status.PARTLY,
        note="Simulated devices obey; what the sources leave open is on the divergences page.",
    ),
    Clause(
        id="gbcs:CS06",
        title="Firmware and clock",
        summary="A firmware image is activated, at once or at a time; a clock is set (CS06, GCS28).",
        who="devices",
        status=Status.PARTLY,
        note="Simulated devices obey; what the sources leave open is on the divergences page.",
    ),
)
