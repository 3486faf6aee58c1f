"""The register knows the public keys by which parties come over SFTP."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table is there, with no key in it: nobody gets in before one is registered."""
    op.create_table(
        "register_sshkey",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party"], ["register_party.party"], name="fk_register_sshkey_party"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_register_sshkey"),
    )
    op.create_index("ix_register_sshkey_party", "register_sshkey", ["party"])
