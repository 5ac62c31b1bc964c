"""Keys of user devices that were reported lost."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Makes the table. What was reported lost before is suspended on the chain."""
    op.create_table("lost_keys", sa.Column("thumbprint", sa.Text, primary_key=True))
