"""The register of the policy authority: entries, what stands, who may read it, who saw it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The tables are there, empty, an index of terms, and the counter that whoever changes it holds."""
    op.create_table(
        "proceedings_entry",
        sa.Column("number", _LONG, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_proceedings_entry"),
    )
    op.create_table(
        "proceedings_state",
        sa.Column("state", _LONG, nullable=False),
        sa.Column("entity", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("state", name="pk_proceedings_state"),
    )
    op.create_index("ix_proceedings_state_entity", "proceedings_state", ["entity", "state"])
    _make_standing()
    op.create_table(
        "proceedings_belongs",
        sa.Column("parent", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("child", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("parent", "kind", "child", name="pk_proceedings_belongs"),
        sqlite_with_rowid=False,
    )
    for table, column in (("mark", "mark"), ("audience", "tokens")):
        op.create_table(
            f"proceedings_{table}",
            sa.Column("number", _LONG, nullable=False),
            sa.Column(column, sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("number", name=f"pk_proceedings_{table}"),
            sa.UniqueConstraint(column, name=f"uq_proceedings_{table}_{column}"),
        )
    op.create_table(
        "proceedings_seen",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "kind", "ref", "day", "reader", "entry", "by", name="pk_proceedings_seen"
        ),
    )
    counter = sa.table("work_counter", sa.column("name"), sa.column("value"))
    op.bulk_insert(counter, [{"name": "proceedings", "value": 0}])


def _make_standing() -> None:
    op.create_table(
        "proceedings_standing",
        sa.Column("number", _LONG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.Integer(), nullable=False),
        sa.Column(
            "terms", sa.Text().with_variant(sa.ARRAY(sa.Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("number", name="pk_proceedings_standing"),
        sa.UniqueConstraint("kind", "ref", name="uq_proceedings_standing_kind"),
    )
    op.create_index("ix_proceedings_standing_place", "proceedings_standing", ["place"], unique=True)
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            "proceedings_terms", "proceedings_standing", ["terms"], postgresql_using="gin"
        )
        return
    # Terms are asked for by themselves, in no order and at no distance: positions are not kept.
    op.execute(
        "CREATE VIRTUAL TABLE proceedings_terms USING fts5(terms,"
        " content='proceedings_standing', content_rowid='place',"
        " tokenize='ascii', detail=none, columnsize=0)"
    )
    # A question begins at the end of what each of its terms leads to, whose last page is read whole:
    # of a quarter of the size, the first answer comes in half the time.
    op.execute("INSERT INTO proceedings_terms (proceedings_terms, rank) VALUES ('pgsz', 1000)")
