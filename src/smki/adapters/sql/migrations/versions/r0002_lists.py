"""The index knows revocation lists; it is made again from the record, which has always had them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The table is there, and the index covers nothing: who opens the office fills it."""
    op.create_table(
        "index_list",
        sa.Column("entry", LONG, autoincrement=False, nullable=False),
        sa.Column("issuer", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name="pk_index_list"),
    )
    op.create_index("ix_index_list_issuer", "index_list", ["issuer", "number"])
    op.execute("DELETE FROM index_certificate")
    op.execute("UPDATE index_progress SET size = 0, certificates = 0")
    op.execute("DELETE FROM work_note WHERE name LIKE 'list.%'")
