"""Errors of the channels between parties."""

from dataclasses import dataclass

from certchain.errors.base import VerificationFailed

__all__ = ["PeerNotAuthentic"]


@dataclass(eq=False)
class PeerNotAuthentic(VerificationFailed):
    """The key exchange failed: who answers does not have the keys that the chain has for the party, or someone is in between."""

    peer: str
    reason: str

    sentence = "Who answers is not shown to be {peer}: {reason}."
    advice = "Check the address; if it is right, someone is in between."
