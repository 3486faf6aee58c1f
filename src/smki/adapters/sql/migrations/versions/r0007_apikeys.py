"""Of an API key is known who made it when, and until when it is good."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PUBLISHED = bytes.fromhex("ff5de94ff313e61e8306d11f9c94ced4e57d4d951edd0cc9fa9931ec827ae3d8")


def upgrade() -> None:
    """Keys that are there stay good; nothing is known of them but that the sample's is fixed."""
    for column in (
        sa.Column("made_at", sa.BigInteger()),
        sa.Column("made_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("fixed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("ends_at", sa.BigInteger()),
        sa.Column("ended_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("revoked", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("register_apikey", column)
    op.create_index("ix_register_apikey_party", "register_apikey", ["party"])
    keys = sa.table("register_apikey", sa.column("digest"), sa.column("fixed"))
    op.execute(keys.update().where(keys.c.digest == _PUBLISHED).values(fixed=True))
