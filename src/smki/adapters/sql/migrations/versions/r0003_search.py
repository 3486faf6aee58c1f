"""The index leads to what a subscriber asked for, to what is revoked, and to what comes to an end."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WHERE = {
    "ix_index_certificate_revoked": sa.text("status = 5"),
    "ix_index_certificate_ends": sa.text("not_after < 253402300799"),
}


def upgrade() -> None:
    """The three indexes are there, over what is in the table already."""
    op.create_index("ix_index_certificate_subscriber", "index_certificate", ["subscriber", "entry"])
    for name, where in _WHERE.items():
        op.create_index(
            name, "index_certificate", ["entry"], sqlite_where=where, postgresql_where=where
        )
