"""The control keys of a certified session (C15): AES-256-GCM-SIV (RFC 8452), one key a direction, the counter as nonce."""

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from certchain.encoding.digest import control_context
from certchain.errors import CommandRefused, MalformedValue
from certchain.models.certification import Command, CommandResult

CONTROL_LENGTH = 64
_KEY_LENGTH = 32
_NONCE_LENGTH = 12
_MOST = 2**63 - 1
_COMMAND = "command"
_RESULT = "result"


@dataclass(frozen=True, slots=True, eq=False)
class ControlKeys:
    """What both ends of a session seal commands and results with. Each direction has its own key, and a counter serves once in each."""

    session: bytes
    _commands: bytes = field(repr=False)
    _results: bytes = field(repr=False)

    @classmethod
    def divide(cls, session: bytes, exported: bytes) -> "ControlKeys":
        """From the 64 bytes that the channel exported: the first half for commands, the second for results."""
        if len(exported) != CONTROL_LENGTH:
            raise MalformedValue("control keys", f"{len(exported)} bytes were exported, not {CONTROL_LENGTH}")
        return cls(session, exported[:_KEY_LENGTH], exported[_KEY_LENGTH:])

    def seal_command(self, counter: int, text: bytes) -> Command:
        """A command as it crosses. A counter must not be used for a second one."""
        return Command(self.session, counter, _seal(self._commands, _COMMAND, self.session, counter, text))

    def open_command(self, command: Command) -> bytes:
        """The command's bytes. Raises ``CommandRefused`` for one that was not sealed under these keys as a command."""
        return _open(self._commands, _COMMAND, self.session, command)

    def seal_result(self, counter: int, text: bytes) -> CommandResult:
        """The answer to the command with this counter, as it crosses."""
        return CommandResult(self.session, counter, _seal(self._results, _RESULT, self.session, counter, text))

    def open_result(self, result: CommandResult) -> bytes:
        """The answer's bytes. Raises ``CommandRefused``, as ``open_command`` does."""
        return _open(self._results, _RESULT, self.session, result)


def _seal(key: bytes, direction: str, session: bytes, counter: int, text: bytes) -> bytes:
    return AESGCMSIV(key).encrypt(_nonce(counter), text, control_context(direction, session, counter))


def _open(key: bytes, direction: str, session: bytes, sealed: Command | CommandResult) -> bytes:
    nonce, context = _nonce(sealed.counter), control_context(direction, session, sealed.counter)
    try:
        return AESGCMSIV(key).decrypt(nonce, sealed.ciphertext, context)
    except (InvalidTag, ValueError):  # ValueError: too short to have a tag
        raise CommandRefused("it is not sealed under this session's keys") from None


def _nonce(counter: int) -> bytes:
    if not 0 <= counter <= _MOST:
        raise CommandRefused("its counter is out of range")
    return counter.to_bytes(_NONCE_LENGTH)
