"""The RFCs that requests, certificates, lists, wrapped keys and the log's hashes follow."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

_SHARED: Final = "As far as the profiles of this infrastructure use it."

DOCUMENTS: Final = (
    Document(id="rfc2986", title="PKCS #10 certification requests", version="RFC 2986, 2000"),
    Document(id="rfc3394", title="AES key wrap", version="RFC 3394, 2002"),
    Document(id="rfc4108", title="CMS to protect firmware packages", version="RFC 4108, 2005"),
    Document(id="rfc5280", title="X.509 certificate and CRL profile", version="RFC 5280, 2008"),
    Document(id="rfc5480", title="Elliptic curve subject public keys", version="RFC 5480, 2009"),
    Document(id="rfc5649", title="AES key wrap with padding", version="RFC 5649, 2009"),
    Document(id="rfc5934", title="Trust anchor management protocol", version="RFC 5934, 2010"),
    Document(id="rfc5958", title="Asymmetric key packages (PKCS #8)", version="RFC 5958, 2010"),
    Document(id="rfc6962", title="Certificate transparency", version="RFC 6962, 2013"),
    Document(id="rfc6979", title="Deterministic ECDSA", version="RFC 6979, 2013"),
    Document(id="rfc7914", title="The scrypt function", version="RFC 7914, 2016"),
)


def _clause(identifier: str, title: str, summary: str, status: Status, note: str) -> Clause:
    """A clause that binds whoever implements the RFC."""
    return Clause(
        id=identifier, title=title, summary=summary, who="implementers", status=status, note=note
    )


CLAUSES: Final = (
    _clause(
        "rfc2986:4.1",
        "Request info",
        "Version 0, subject, public key and attributes are what is signed.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc2986:4.2",
        "Request",
        "The request is signed with the private key of the public key it holds.",
        Status.MET,
        "",
    ),
    _clause(
        "rfc3394:2.2",
        "Key wrap",
        "Wrapping of a key of whole 8-octet blocks by an AES key.",
        Status.PARTLY,
        "The contingency key may be wrapped so; with padding is the default.",
    ),
    _clause(
        "rfc4108:5",
        "Hardware module name",
        "A name of a type of hardware and a serial number, in the subject's alternative name.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:4.1",
        "Certificate",
        "The fields of a certificate and their order.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:4.1.1",
        "Certificate fields",
        "What is signed, the algorithm and the signature.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:4.1.1.3", "Signature", "Over the octets of what is signed.", Status.PARTLY, _SHARED
    ),
    _clause(
        "rfc5280:4.1.2",
        "What is signed",
        "Version, serial number, issuer, validity, subject, key and extensions.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:4.1.2.1",
        "Version",
        "Version 3 where there are extensions.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:4.1.2.4",
        "Issuer",
        "The distinguished name of who signed, never empty.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:4.1.2.2",
        "Serial number",
        "Positive, unique for its issuer, at most 20 octets.",
        Status.PARTLY,
        "Ours are random and of 16 octets.",
    ),
    _clause(
        "rfc5280:4.1.2.5",
        "Validity",
        "UTCTime through 2049, GeneralizedTime after; 99991231235959Z where no end is known.",
        Status.PARTLY,
        "As far as the profiles of this infrastructure use it.",
    ),
    _clause(
        "rfc5280:4.1.2.6",
        "Subject",
        "May be empty where the alternative name is critical and names the subject.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:4.1.2.7",
        "Subject public key",
        "The key and its algorithm.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:4.1.2.8",
        "Unique identifiers",
        "The old fields of this name are not used.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:4.2",
        "Extensions",
        "No extension twice; criticality as the profile says.",
        Status.PARTLY,
        "As far as the profiles of this infrastructure use it.",
    ),
    _clause(
        "rfc5280:4.2.1.1",
        "Authority key identifier",
        "Names the key that signed.",
        Status.MET,
        "",
    ),
    _clause(
        "rfc5280:4.2.1.2",
        "Subject key identifier",
        "Names the certified key; method 2 makes 8 octets.",
        Status.MET,
        "",
    ),
    _clause(
        "rfc5280:4.2.1.3", "Key usage", "What the key may be used for.", Status.PARTLY, _SHARED
    ),
    _clause(
        "rfc5280:4.2.1.4",
        "Certificate policies",
        "Under which policies the certificate was issued.",
        Status.TODO,
        "Comes with the profiles.",
    ),
    _clause(
        "rfc5280:4.2.1.6",
        "Subject alternative name",
        "Critical where the subject is empty.",
        Status.PARTLY,
        "As far as the profiles of this infrastructure use it.",
    ),
    _clause(
        "rfc5280:4.2.1.9",
        "Basic constraints",
        "Whether the subject is an authority, and how long a path below it may be.",
        Status.PARTLY,
        "As far as the profiles of this infrastructure use it.",
    ),
    _clause(
        "rfc5280:4.2.1.12",
        "Extended key usage",
        "For which purposes, beyond key usage, the key may be used.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:5.1",
        "Revocation list",
        "The fields of a list and of its entries.",
        Status.PARTLY,
        "As far as the profiles of this infrastructure use it.",
    ),
    _clause(
        "rfc5280:5.1.1",
        "List fields",
        "What is signed, the algorithm and the signature.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:5.1.2.1",
        "List version",
        "Version 2 where there are extensions.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:5.1.2.3",
        "List issuer",
        "The distinguished name of who signed, never empty.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:5.1.2.5",
        "Next update",
        "By when the next list is issued; always there.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:5.1.2.6",
        "Revoked certificates",
        "Serial numbers and times; the list is left out where none is revoked.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:5.2.1",
        "List: authority key identifier",
        "Names the key that signed the list.",
        Status.PARTLY,
        _SHARED,
    ),
    _clause(
        "rfc5280:5.2.3",
        "CRL number",
        "Grows with every list of an issuer.",
        Status.PARTLY,
        "As far as the profiles of this infrastructure use it.",
    ),
    _clause(
        "rfc5280:6.1.3",
        "Path validation",
        "Signature, validity, revocation and name chaining of each certificate of a path.",
        Status.PARTLY,
        "For chains of this infrastructure; other paths are the relying party's.",
    ),
    _clause(
        "rfc5480:2.2",
        "Public point",
        "A point is written uncompressed, 65 octets for P-256.",
        Status.MET,
        "",
    ),
    _clause(
        "rfc5649:2",
        "Key wrap with padding",
        "Wrapping of a key of any length by an AES key.",
        Status.TODO,
        "The code claims the paragraphs of section 4.",
    ),
    _clause(
        "rfc5649:3",
        "Initial value",
        "Constant and length that tell a wrapped key from noise.",
        Status.TODO,
        "The code claims the paragraphs of section 4.",
    ),
    _clause(
        "rfc5649:4.1",
        "Wrapping",
        "How a key is padded and wrapped.",
        Status.MET,
        "",
    ),
    _clause(
        "rfc5649:4.2",
        "Unwrapping",
        "How it is unwrapped, and when it must be refused.",
        Status.MET,
        "",
    ),
    _clause(
        "rfc5649:5",
        "Algorithm identifiers",
        "The object identifiers of the wrap.",
        Status.PARTLY,
        "AES-128 by default, chosen by OID.",
    ),
    _clause(
        "rfc5934:9",
        "Wrapped contingency key",
        "An extension of a root certificate that holds the contingency public key, wrapped.",
        Status.PARTLY,
        "As far as the profiles of this infrastructure use it.",
    ),
    _clause(
        "rfc5958:3",
        "Encrypted private key",
        "How a private key is kept encrypted in a file.",
        Status.PARTLY,
        "For the software key store.",
    ),
    _clause(
        "rfc6962:2.1",
        "Merkle tree hash",
        "How leaves and nodes are hashed.",
        Status.PARTLY,
        "Read and written; how the rooms use it together is still growing.",
    ),
    _clause(
        "rfc6962:2.1.1",
        "Inclusion proof",
        "The hashes that lead from a leaf to the root.",
        Status.MET,
        "",
    ),
    _clause(
        "rfc6962:2.1.2",
        "Consistency proof",
        "The hashes that show one tree to extend another.",
        Status.MET,
        "",
    ),
    _clause(
        "rfc6979:3.2",
        "Deterministic nonce",
        "The signature's secret number follows from key and message.",
        Status.TODO,
        "Used where software keys sign; a token chooses its own.",
    ),
    _clause(
        "rfc7914:2",
        "scrypt parameters",
        "Cost, block size and parallelism that make guessing a passphrase dear.",
        Status.PARTLY,
        "For the software key store.",
    ),
)
