"""How far the log was read, alerts, subscribers and deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "recognition",
        sa.Column("one", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("size", NUMBER, nullable=False),
    )
    op.create_table(
        "alerts",
        sa.Column("place", NUMBER, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("alert", sa.LargeBinary, nullable=False),
        sa.Column("number", NUMBER),
    )
    op.create_table(
        "subscribers",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("bodies", NUMBER, nullable=False),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("credentials", sa.Text, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("place", NUMBER, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("attempts", NUMBER, nullable=False),
        sa.Column("due", NUMBER, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
    )
    op.create_index("deliveries_due", "deliveries", ["subscriber", "state", "due"])
