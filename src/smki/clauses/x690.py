"""X.690: the distinguished encoding rules."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(
        id="x690",
        title="ITU-T X.690, encoding rules of ASN.1",
        version="02/2021",
    ),
)

CLAUSES: Final = (
    Clause(
        id="x690:8.1.3",
        title="Length octets",
        summary="How the length of a value is written.",
        who="encoders, decoders",
        status=Status.PARTLY,
        note="Definite lengths only, which is all that DER allows.",
    ),
    Clause(
        id="x690:8.3.1",
        title="Integers",
        summary="At least one octet, in two's complement.",
        who="encoders, decoders",
        status=Status.PARTLY,
        note="For the types that requests and certificates use.",
    ),
    Clause(
        id="x690:8.3.2",
        title="Integers in the fewest octets",
        summary="The first nine bits are neither all ones nor all zeros.",
        who="encoders, decoders",
        status=Status.PARTLY,
        note="For the types that requests and certificates use.",
    ),
    Clause(
        id="x690:8.6.2",
        title="Bit strings",
        summary="The first octet counts the unused bits of the last.",
        who="encoders, decoders",
        status=Status.PARTLY,
        note="For the types that requests and certificates use.",
    ),
    Clause(
        id="x690:8.19",
        title="Object identifiers",
        summary="How the arcs of an object identifier are written, each in as few octets as it needs.",
        who="encoders, decoders",
        status=Status.PARTLY,
        note="Identifiers longer than a fixed bound are refused.",
    ),
    Clause(
        id="x690:10",
        title="Restrictions of DER",
        summary="Of the many ways to encode a value, the one that DER allows.",
        who="encoders, decoders",
        status=Status.PARTLY,
        note="For the types that requests and certificates use.",
    ),
    Clause(
        id="x690:10.1",
        title="Shortest length",
        summary="Lengths are definite and in the fewest octets.",
        who="encoders, decoders",
        status=Status.MET,
    ),
    Clause(
        id="x690:11.1",
        title="Booleans",
        summary="True is one octet of all ones.",
        who="encoders, decoders",
        status=Status.PARTLY,
        note="For the types that requests and certificates use.",
    ),
    Clause(
        id="x690:11.5",
        title="Defaults left out",
        summary="A component equal to its default is not encoded.",
        who="encoders, decoders",
        status=Status.PARTLY,
        note="For the types that requests and certificates use.",
    ),
)
