"""The vendor's signed release beside an app's version, and until when a deprecated one is certified.

Versions that were allowed before have no release: it is empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Adds the columns, with a value for the rows that are there."""
    nothing = sa.text("x''" if op.get_bind().dialect.name == "sqlite" else "''")
    op.add_column("apps", sa.Column("release", sa.LargeBinary, nullable=False, server_default=nothing))
    op.add_column("apps", sa.Column("until", NUMBER, nullable=False, server_default=sa.text("0")))
