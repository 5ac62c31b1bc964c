"""The in-memory twin of the subject keys: everything is gone with the process."""

import os
from collections.abc import Collection, Mapping
from threading import RLock

from certchain.errors import UnknownRecord
from certchain.keys.sealing import KEY_LENGTH
from certchain.models.entry import Subject
from certchain.models.log import RetiredKey, SubjectKey
from certchain.storage.record import count, require_erasable

_Owner = tuple[Subject, int]


class MemorySubjectKeys:
    """See ``SubjectKeyStore``."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._last = 0
        self._keys: dict[int, SubjectKey] = {}
        self._owners: dict[int, _Owner] = {}
        self._issued: dict[_Owner, int] = {}
        self._retired: dict[int, int] = {}

    def issue(self, wanted: Collection[tuple[Subject, int]]) -> Mapping[tuple[Subject, int], SubjectKey]:
        with self._lock:
            return {owner: self._issue(owner) for owner in wanted}

    def key(self, number: int) -> SubjectKey | None:
        with self._lock:
            if not 0 < count("key", number) <= self._last:
                raise UnknownRecord("subject key", str(number))
            return self._keys.get(number)

    def subjects(self, before: int) -> tuple[Subject, ...]:
        count("before", before)
        with self._lock:
            found = {subject for subject, period in self._owners.values() if period < before}
        return tuple(sorted(found, key=lambda subject: (subject.kind, subject.number)))

    def retire(self, subject: Subject, before: int, index: int) -> int:
        require_erasable(subject)
        count("before", before), count("index", index)
        with self._lock:
            old = [owner for owner in self._issued if owner[0] == subject and owner[1] < before]
            self._retired |= {self._issued.pop(owner): index for owner in old}
        return len(old)

    def retired(self) -> tuple[RetiredKey, ...]:
        with self._lock:
            return tuple(
                RetiredKey(number, *self._owners[number], self._retired[number]) for number in sorted(self._retired)
            )

    def destroy(self, numbers: Collection[int]) -> int:
        with self._lock:
            found = [number for number in {count("key", number) for number in numbers} if number in self._keys]
            for number in found:
                require_erasable(self._owners[number][0])
            for number in found:
                self._destroy(number)
        return len(found)

    def _issue(self, owner: _Owner) -> SubjectKey:
        if owner not in self._issued:
            count("subject", owner[0].number), count("period", owner[1])
            self._last += 1
            self._issued[owner] = self._last
            self._owners[self._last] = owner
            self._keys[self._last] = SubjectKey(self._last, os.urandom(KEY_LENGTH))
        return self._keys[self._issued[owner]]

    def _destroy(self, number: int) -> None:
        del self._keys[number]
        self._retired.pop(number, None)
        owner = self._owners.pop(number)
        if self._issued.get(owner) == number:
            del self._issued[owner]
