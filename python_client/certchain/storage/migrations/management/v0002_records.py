"""Devices, user devices, users, apps and sealed key data, as the first releases made them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "devices",
        sa.Column("device", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("manufacturer", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        sa.Column("signing_key", sa.LargeBinary, nullable=False),
        sa.Column("exchange_key", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "user_devices",
        sa.Column("user_device", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("app_instance", sa.Text, nullable=False),
        sa.Column("signing_key", sa.LargeBinary, nullable=False),
        sa.Column("exchange_key", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "users",
        sa.Column("user", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "apps",
        sa.Column("app", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
    )
    op.create_table(
        "key_data",
        sa.Column("commitment", sa.Text, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
