"""What was asked of the repository: answers by their reference, counts by the day, forecasts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The three tables are there, empty, and two counters."""
    op.create_table(
        "work_answer",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name="pk_work_answer"),
    )
    op.create_index("ix_work_answer_party", "work_answer", ["party", "reference"])
    op.create_table(
        "work_use",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("forecast", sa.BigInteger()),
        sa.Column("noticed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("party", "day", "type", name="pk_work_use"),
    )
    op.create_index("ix_work_use_day", "work_use", ["day"])
    op.create_table(
        "register_forecast",
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party"], ["register_party.party"], name="fk_register_forecast_party"
        ),
        sa.PrimaryKeyConstraint("party", "type", "start", name="pk_register_forecast"),
    )
    counter = sa.table("work_counter", sa.column("name"), sa.column("value"))
    op.bulk_insert(counter, [{"name": name, "value": 0} for name in ("use", "answer")])
