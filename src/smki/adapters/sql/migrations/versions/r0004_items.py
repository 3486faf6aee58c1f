"""The index knows documents, decisions and the like; it is made again from the record."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The table is there, and the index covers nothing: who opens the office fills it."""
    op.create_table(
        "index_item",
        sa.Column("entry", LONG, autoincrement=False, nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("refers", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("entry", name="pk_index_item"),
    )
    op.create_index("ix_index_item_refers", "index_item", ["refers"])
    op.create_index("ix_index_item_type", "index_item", ["type", "name", "entry"])
    op.execute("DELETE FROM index_certificate")
    op.execute("DELETE FROM index_list")
    op.execute("UPDATE index_progress SET size = 0, certificates = 0")
