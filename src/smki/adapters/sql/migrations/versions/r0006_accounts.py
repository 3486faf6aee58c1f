"""Users of the repository's pages, and who of them is logged in."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The two tables are there, empty."""
    op.create_table(
        "register_account",
        sa.Column("user", sa.String(40), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("wrong", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party"], ["register_party.party"], name="fk_register_account_party"
        ),
        sa.PrimaryKeyConstraint("user", name="pk_register_account"),
    )
    op.create_table(
        "work_session",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("user", sa.String(40), nullable=False),
        sa.Column("credential", sa.LargeBinary(20), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_work_session"),
    )
