"""What the sealed messages of R3 and R5 are bound to: the ``info`` of HPKE (RFC 9180, section 5.1), which is never sent."""

from certchain.encoding.preimage import number, preimage


def ver_id_info(network: bytes, product: int, version: int) -> bytes:
    """R3: what VerID is sealed for."""
    return preimage("ver-id-seal", network, number(product), number(version))


def submission_info(network: bytes, product: int, version: int) -> bytes:
    """R5: what VerID and the package digest are sealed for."""
    return preimage("submission-seal", network, number(product), number(version))
