"""The tables: `index_*` can be rebuilt from the record, `work_*` and `register_*` cannot.

Those of the policy authority's register are `proceedings_tables`.

What the migrations have made when they are all applied; a test compares the two. Numbers come
from `work_counter` under its row's lock: no sequences, no triggers, no advisory locks, so that a
distributed database can serve as well. Unsigned 64-bit values (EUI-64, keys) are stored as the
signed ones with the same bits.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from smki.adapters.sql.codes import DEVICE, REVOKED

METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
LONG: Final = BigInteger().with_variant(Integer, "sqlite")  # INTEGER there is the row's own number


def _number(name: str) -> Column[int]:
    return Column(name, LONG, primary_key=True, autoincrement=False)


CERTIFICATE: Final = Table(
    "index_certificate",
    METADATA,
    _number("entry"),
    Column("serial", LargeBinary(20), nullable=False, unique=True),
    Column("kind", SmallInteger, nullable=False),
    Column("identity", BigInteger, index=True),
    Column("role", SmallInteger),
    Column("usage", SmallInteger, nullable=False),
    Column("key", BigInteger, nullable=False, index=True),
    Column("status", SmallInteger, nullable=False),
    Column("not_after", BigInteger, nullable=False),
    Column("lodged_at", BigInteger, nullable=False),
    Column("manufacturing", Boolean, nullable=False),
    Column("subscriber", BigInteger, nullable=False),
)
# Device certificates are all but a handful; the others must be found without reading past them.
NOT_DEVICE: Final = text(f"kind <> {DEVICE}")
Index(
    "ix_index_certificate_kind",
    CERTIFICATE.c.kind,
    CERTIFICATE.c.entry,
    sqlite_where=NOT_DEVICE,
    postgresql_where=NOT_DEVICE,
)
# What is revoked or comes to an end is rare among them too, and asked for by itself.
IS_REVOKED: Final = text(f"status = {REVOKED}")
ENDS: Final = text("not_after < 253402300799")  # 9999-12-31T23:59:59Z: without end
Index("ix_index_certificate_subscriber", CERTIFICATE.c.subscriber, CERTIFICATE.c.entry)
Index(
    "ix_index_certificate_revoked",
    CERTIFICATE.c.entry,
    sqlite_where=IS_REVOKED,
    postgresql_where=IS_REVOKED,
)
Index(
    "ix_index_certificate_ends",
    CERTIFICATE.c.entry,
    sqlite_where=ENDS,
    postgresql_where=ENDS,
)

LIST: Final = Table(
    "index_list",
    METADATA,
    _number("entry"),
    Column("issuer", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Index("ix_index_list_issuer", "issuer", "number"),
)

ITEM: Final = Table(
    "index_item",
    METADATA,
    _number("entry"),
    Column("type", SmallInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("refers", BigInteger, index=True),
    Index("ix_index_item_type", "type", "name", "entry"),
)

PROGRESS: Final = Table(
    "index_progress",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("certificates", BigInteger, nullable=False),
)

COUNTER: Final = Table(
    "work_counter",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

BATCH: Final = Table(
    "work_batch",
    METADATA,
    _number("number"),
    Column("party", Text, nullable=False),
    Column("document_id", Text, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("document", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("error", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    UniqueConstraint("party", "digest"),
    CheckConstraint("done <= items", name="done"),
)

JOURNAL: Final = Table(
    "work_journal",
    METADATA,
    _number("number"),
    Column("batch", LONG, ForeignKey(BATCH.c.number)),
    Column("chunk", Integer, nullable=False),
    Column("intents", LargeBinary, nullable=False),
)

CHUNK: Final = Table(
    "work_chunk",
    METADATA,
    Column("batch", LONG, ForeignKey(BATCH.c.number), primary_key=True, autoincrement=False),
    Column("chunk", Integer, primary_key=True, autoincrement=False),
    Column("outcomes", LargeBinary, nullable=False),
)

NOTE: Final = Table(
    "work_note",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

PARTY: Final = Table(
    "register_party",
    METADATA,
    Column("party", Text, primary_key=True),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("import_supplier", Boolean, nullable=False),
    Column("gas_supplier", Boolean, nullable=False),
    Column("operator", Boolean, nullable=False),
)

IDENTITY: Final = Table(
    "register_identity",
    METADATA,
    Column("eui64", LONG, primary_key=True, autoincrement=False),
    Column("party", Text, ForeignKey(PARTY.c.party), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("role", SmallInteger),
)

CREDENTIAL: Final = Table(
    "register_credential",
    METADATA,
    Column("serial", LargeBinary(20), primary_key=True),
    Column("party", Text, ForeignKey(PARTY.c.party), nullable=False),
    Column("interface", String(16), nullable=False),
    Column("revoked", Boolean, nullable=False),
)

APIKEY: Final = Table(
    "register_apikey",
    METADATA,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("party", Text, ForeignKey(PARTY.c.party), nullable=False, index=True),
    Column("made_at", BigInteger),
    Column("made_by", Text, nullable=False),
    Column("fixed", Boolean, nullable=False),
    Column("ends_at", BigInteger),
    Column("ended_by", Text, nullable=False),
    Column("revoked", Boolean, nullable=False),
)

SSHKEY: Final = Table(
    "register_sshkey",
    METADATA,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("party", Text, ForeignKey(PARTY.c.party), nullable=False, index=True),
    Column("algorithm", Text, nullable=False),
)

ACCOUNT: Final = Table(
    "register_account",
    METADATA,
    Column("user", String(40), primary_key=True),
    Column("party", Text, ForeignKey(PARTY.c.party), nullable=False),
    Column("verifier", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("wrong", Text, nullable=False),
)

SESSION: Final = Table(
    "work_session",
    METADATA,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("user", String(40), nullable=False),
    Column("credential", LargeBinary(20), nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
)

ANSWER: Final = Table(
    "work_answer",
    METADATA,
    Column("reference", Text, primary_key=True),
    Column("party", Text, nullable=False),
    Column("key", LargeBinary(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("code", SmallInteger, nullable=False),
    Column("results", Integer, nullable=False),
    Index("ix_work_answer_party", "party", "reference"),
)

USE: Final = Table(
    "work_use",
    METADATA,
    Column("party", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False, index=True),
    Column("type", Text, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("forecast", BigInteger),
    Column("noticed_at", BigInteger),
)

FORECAST: Final = Table(
    "register_forecast",
    METADATA,
    Column("party", Text, ForeignKey(PARTY.c.party), primary_key=True),
    Column("type", Text, primary_key=True),
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("requests", BigInteger, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
)

DEVICE_STANDING: Final = Table(
    "register_device",
    METADATA,
    Column("device", LONG, primary_key=True, autoincrement=False),
    Column("status", SmallInteger, nullable=False),
    Column("responsible", BigInteger),
    Column("communications", Boolean, nullable=False),
    Column("certificate_limit", Integer),
)
