"""An entry against its leaf: whether what is shown is what the log committed to."""

from certchain.encoding.entry import entry_bytes
from certchain.encoding.leaf import entry_commitment
from certchain.errors import BodyChanged, MalformedValue
from certchain.models.log import LogLeaf, OpenedBody


def verify_body(leaf: LogLeaf, body: OpenedBody) -> OpenedBody:
    """Returns the body when its salt and entry lead to the leaf's commitment. Raises ``BodyChanged``."""
    try:
        committed = entry_commitment(body.salt, entry_bytes(body.entry))
    except MalformedValue:
        raise BodyChanged(leaf.index) from None
    if committed != leaf.commitment:
        raise BodyChanged(leaf.index)
    return body
