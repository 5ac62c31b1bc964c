"""Failures and unlocks of users and devices, and permits, which lived in memory before."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "failures",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("subject", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("unlocks", NUMBER, nullable=False),
    )
    op.create_table(
        "permits",
        sa.Column("user", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("user_device", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("device", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("expires_at", NUMBER, nullable=False),
    )
