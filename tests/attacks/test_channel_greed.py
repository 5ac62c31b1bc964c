"""Attack: an enrolled user device asks a device again and again, and waits for no answer, so that nobody else's questions have room."""

import threading
import time
from typing import Any

import pytest

from certchain.channel.coap import CoapChannel, CoapLimits
from certchain.errors import PeerUnavailable
from certchain.models.certification import LoginAccepted
from certchain.models.log import InclusionProof
from tests.datagrams import MALLORY, answer_to, ask, channel, device

LIMITS = CoapLimits(pending=3, pending_each=2)


def test_one_conversation_does_not_use_up_what_can_wait() -> None:
    release = threading.Event()

    def slow_for_mallory(connection: Any, message: InclusionProof) -> LoginAccepted:
        if connection.peer == MALLORY.party:
            release.wait(20)
        return answer_to(message.index)

    with (
        device(slow_for_mallory, limits=LIMITS) as endpoint,
        channel(endpoint.address, identity=MALLORY, timeout=1) as hers,
        channel(endpoint.address) as opened,
    ):
        for index in range(2):
            with pytest.raises(PeerUnavailable, match="in time"):
                ask(hers, index)
        with pytest.raises(PeerUnavailable, match="too much at once"):
            ask(hers, 2)
        assert ask(opened, 3) == answer_to(3)
        release.set()
        assert asked_until_there_is_room(hers, 4) == answer_to(4)


def asked_until_there_is_room(opened: CoapChannel, index: int) -> LoginAccepted:
    for _ in range(20):
        try:
            return ask(opened, index)
        except PeerUnavailable:
            time.sleep(0.1)
    return ask(opened, index)
