"""Whether a device is one of a production batch."""

from certchain.encoding.digest import batch_device, key_thumbprint
from certchain.errors import IndexOutOfRange, NotInBatch, NotIncluded, ProofLength
from certchain.merkle import leaf_hash, verify_inclusion
from certchain.models.digest import Digest
from certchain.models.log import InclusionProof
from certchain.models.production import BatchMembership, ProductionBatch
from certchain.models.registration import PublicKeys


def verify_membership(
    membership: BatchMembership, batch: ProductionBatch, description: Digest, keys: PublicKeys
) -> BatchMembership:
    """Returns the membership that leads from the device to the batch's root. Raises ``NotInBatch``."""
    leaf = leaf_hash(batch_device(description, key_thumbprint(keys)))
    try:
        verify_inclusion(leaf, InclusionProof(membership.index, batch.size, membership.path), batch.root)
    except (IndexOutOfRange, NotIncluded, ProofLength):
        raise NotInBatch(membership.batch, membership.index) from None
    return membership
