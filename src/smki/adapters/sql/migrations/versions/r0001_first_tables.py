"""The first tables: the index of certificates, the workbook, the register."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOT_DEVICE = sa.text("kind <> 6")


def upgrade() -> None:
    """The tables of revision 0001 are there, with the rows that are locked and counted."""
    _index()
    _workbook()
    _register()


def _index() -> None:
    op.create_table(
        "index_certificate",
        sa.Column("entry", LONG, autoincrement=False, nullable=False),
        sa.Column("serial", sa.LargeBinary(20), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("identity", sa.BigInteger()),
        sa.Column("role", sa.SmallInteger()),
        sa.Column("usage", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("lodged_at", sa.BigInteger(), nullable=False),
        sa.Column("manufacturing", sa.Boolean(), nullable=False),
        sa.Column("subscriber", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name="pk_index_certificate"),
        sa.UniqueConstraint("serial", name="uq_index_certificate_serial"),
    )
    op.create_index("ix_index_certificate_identity", "index_certificate", ["identity"])
    op.create_index("ix_index_certificate_key", "index_certificate", ["key"])
    op.create_index(
        "ix_index_certificate_kind",
        "index_certificate",
        ["kind", "entry"],
        sqlite_where=NOT_DEVICE,
        postgresql_where=NOT_DEVICE,
    )
    progress = op.create_table(
        "index_progress",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("certificates", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_index_progress"),
    )
    op.bulk_insert(progress, [{"name": "record", "size": 0, "certificates": 0}])


def _workbook() -> None:
    counter = op.create_table(
        "work_counter",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_work_counter"),
    )
    op.bulk_insert(counter, [{"name": name, "value": 0} for name in ("batch", "journal", "party")])
    op.create_table(
        "work_batch",
        sa.Column("number", LONG, autoincrement=False, nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.CheckConstraint("done <= items", name="ck_work_batch_done"),
        sa.PrimaryKeyConstraint("number", name="pk_work_batch"),
        sa.UniqueConstraint("party", "digest", name="uq_work_batch_party"),
    )
    op.create_index("ix_work_batch_status", "work_batch", ["status"])
    op.create_table(
        "work_journal",
        sa.Column("number", LONG, autoincrement=False, nullable=False),
        sa.Column("batch", LONG),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("intents", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["work_batch.number"], name="fk_work_journal_batch"),
        sa.PrimaryKeyConstraint("number", name="pk_work_journal"),
    )
    op.create_table(
        "work_chunk",
        sa.Column("batch", LONG, autoincrement=False, nullable=False),
        sa.Column("chunk", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcomes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch"], ["work_batch.number"], name="fk_work_chunk_batch"),
        sa.PrimaryKeyConstraint("batch", "chunk", name="pk_work_chunk"),
    )
    op.create_table(
        "work_note",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_work_note"),
    )


def _register() -> None:
    op.create_table(
        "register_party",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("import_supplier", sa.Boolean(), nullable=False),
        sa.Column("gas_supplier", sa.Boolean(), nullable=False),
        sa.Column("operator", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("party", name="pk_register_party"),
        sa.UniqueConstraint("position", name="uq_register_party_position"),
    )
    op.create_table(
        "register_identity",
        sa.Column("eui64", LONG, autoincrement=False, nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.SmallInteger()),
        sa.ForeignKeyConstraint(
            ["party"], ["register_party.party"], name="fk_register_identity_party"
        ),
        sa.PrimaryKeyConstraint("eui64", name="pk_register_identity"),
    )
    op.create_index("ix_register_identity_party", "register_identity", ["party"])
    op.create_table(
        "register_credential",
        sa.Column("serial", sa.LargeBinary(20), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("interface", sa.String(16), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party"], ["register_party.party"], name="fk_register_credential_party"
        ),
        sa.PrimaryKeyConstraint("serial", name="pk_register_credential"),
    )
    op.create_table(
        "register_apikey",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party"], ["register_party.party"], name="fk_register_apikey_party"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_register_apikey"),
    )
    op.create_table(
        "register_device",
        sa.Column("device", LONG, autoincrement=False, nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("responsible", sa.BigInteger()),
        sa.Column("communications", sa.Boolean(), nullable=False),
        sa.Column("certificate_limit", sa.Integer()),
        sa.PrimaryKeyConstraint("device", name="pk_register_device"),
    )
