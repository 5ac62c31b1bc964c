"""The keys that key data is sealed under: each divided among custodians by risk, and rebuilt from their shares when it is needed (C12)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import SystemRandom

from certchain.encoding.custody import share_commitment
from certchain.errors import CustodiansTooFew, KeyDataUnreadable, SharesMissing, SharesNotKept
from certchain.keys import SealingKey
from certchain.ledger import CustodyLedger
from certchain.models.custody import CommittedShare, KeyDivision, KeyShare
from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId
from certchain.models.registration import Registration, RegistrationStatus, RiskLevel
from certchain.roles.certification_server.custodians import Custodians
from certchain.roles.certification_server.inquiry import Inquiry
from certchain.roles.certification_server.key_cache import KeyCache
from certchain.sharing import combine, divide
from certchain.verification.policy import CertificationPolicy

_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class KeyCustody:
    """Divides keys, rebuilds them, and remembers those it rebuilt for a while."""

    ledger: CustodyLedger
    policy: CertificationPolicy
    custodians: Custodians
    inquiry: Inquiry
    cache: KeyCache
    _random: SystemRandom = field(default_factory=SystemRandom)

    def keepers(self, risk: RiskLevel) -> tuple[ServiceId, ...]:
        """Who is to keep the shares of a key of this risk: a share that is the only one stays here. Raises ``CustodiansTooFew``."""
        needed = self.policy.divisions[risk].shares
        if needed == 1:
            return (self.custodians.own,)
        known = self.custodians.known()
        if len(known) < needed:
            raise CustodiansTooFew(risk.name.lower(), needed, len(known))
        return tuple(sorted(self._random.sample(known, needed)))

    def divide_new(self, committed: Digest, risk: RiskLevel) -> SealingKey:
        """A fresh key, whose shares are kept by all their custodians and committed to on the chain when this returns.

        Raises ``CustodiansTooFew``, ``SharesNotKept``, and what the ledger raises.
        """
        key = SealingKey.generate()
        self._divide(committed, risk, key)
        return key

    def redivide(self, registration: Registration) -> int:
        """Divides a registration's key anew, into other shares; returns the division's number.

        The shares that there were serve until the chain has the new division: whatever ends this before, nothing has changed. Raises
        ``DivisionNumberMismatch`` when another division overtook this one, and what ``key`` and ``divide_new`` raise.
        """
        number = self._divide(registration.commitment, registration.risk, self.key(registration))
        _log.info("The key of registration %d is divided anew: division %d.", registration.id, number)
        return number

    def key(self, registration: Registration) -> SealingKey:
        """C12: the key of a registration's key data, rebuilt if it is not remembered.

        Raises ``SharesMissing``, which names every custodian that gave nothing good, and ``KeyDataUnreadable`` for a key that was never
        divided.
        """
        remembered = self.cache.get(registration.commitment)
        if remembered is not None:
            return remembered
        division = self._newest(registration.commitment)
        if division is None:
            raise KeyDataUnreadable(registration.id)
        key = SealingKey(self._rebuilt(division))
        self._remember(registration, key)
        return key

    def forget(self, committed: Digest) -> None:
        """A registration has ended, or is suspended: its key is remembered no more."""
        self.cache.drop(committed)

    def _remember(self, registration: Registration, key: SealingKey) -> None:
        """Only while the registration is active, which it was not for certain since the custodians were asked.

        The key is remembered before the chain is asked: who ends the registration after that finds it, and has it forgotten.
        """
        self.cache.put(registration.commitment, registration.risk, key)
        is_active = False
        try:
            ledger = self.custodians.ledger
            with ledger.moment():
                is_active = ledger.registration(registration.id).status is RegistrationStatus.ACTIVE
        finally:
            if not is_active:
                self.forget(registration.commitment)

    def _newest(self, committed: Digest) -> KeyDivision | None:
        number = self.ledger.division_count(committed)
        return self.ledger.division(committed, number) if number else None

    def _rebuilt(self, division: KeyDivision) -> bytes:
        """While the custodians were asked, the chain may have got a newer division, of which they have shares instead."""
        try:
            return self._rebuilt_now(division)
        except SharesMissing:
            newest = self._newest(division.commitment)
            if newest is None or newest.number == division.number:
                raise
            return self._rebuilt(newest)

    def _rebuilt_now(self, division: KeyDivision) -> bytes:
        asked = {share.custodian: self.custodians.question(division, share.custodian) for share in division.shares}
        answers = self.inquiry.ask(asked, division.threshold)
        if len(answers.good) < division.threshold:
            raise SharesMissing(str(division.commitment), len(answers.good), division.threshold, answers.complaint)
        return combine(tuple(answers.good.values()), division.threshold)

    def _divide(self, committed: Digest, risk: RiskLevel, key: SealingKey) -> int:
        """Shares with their custodians first, durably, by their own word; only then the chain, which makes the division the one in use."""
        keepers, threshold = self.keepers(risk), self.policy.divisions[risk].threshold
        number = self.ledger.division_count(committed) + 1
        shares = dict(zip(keepers, divide(key.value, threshold, len(keepers)), strict=True))
        self._deposit(committed, number, shares)
        commitments = [
            CommittedShare(keeper, share_commitment(committed, number, share)) for keeper, share in shares.items()
        ]
        self.ledger.divide(committed, number, threshold, commitments)
        self.custodians.drop_own(self.ledger.division(committed, number))
        return number

    def _deposit(self, committed: Digest, number: int, shares: Mapping[ServiceId, KeyShare]) -> None:
        deposits = {
            keeper: self.custodians.deposit(committed, number, keeper, share) for keeper, share in shares.items()
        }
        answers = self.inquiry.ask(deposits, len(deposits))
        if len(answers.good) < len(deposits):
            raise SharesNotKept(str(committed), answers.complaint)
