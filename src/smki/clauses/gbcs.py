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
        note="Read as far as taking a device's certification request out of its response needs; whole messages come with the devices.",
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
        status=Status.TODO,
        note="Comes with the devices.",
    ),
)
