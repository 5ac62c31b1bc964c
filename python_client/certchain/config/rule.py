"""What a setting of a kind of its own has to be, and how a person is told so."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from certchain.models.alert import MOST_ALERTED

RISKS = ("low", "medium", "high", "critical")
LOG_MODES = ("recorded", "anchored")
_SERVERS = "postgresql+pg8000://"
_DIVISION = re.compile(r"([1-9][0-9]{0,2}) of ([1-9][0-9]{0,2})")
_MOST_SHARES = 255
_MOST_FACTORS = 3
_REMEMBERED = RISKS[:-1]  # at critical risk a key never is


def parsed_division(text: str) -> tuple[int, int] | None:
    """The threshold and the number of shares of a division as the settings write it, ``"3 of 5"``; ``None`` for what is none."""
    found = _DIVISION.fullmatch(text)
    threshold, shares = map(int, found.groups()) if found else (0, 0)
    return (threshold, shares) if 1 <= threshold <= shares <= _MOST_SHARES else None


def _is_file_or_server(value: str) -> bool:
    return not value or value.startswith(_SERVERS)


def _is_nothing_or_https(value: str) -> bool:
    return not value or value.startswith("https://")


def _is_threshold(value: int) -> bool:
    return value <= MOST_ALERTED


def _is_table_of_risks(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(models, dict) and all(risk in RISKS for risk in models.values()) for models in value.values()
    )


def _is_table_of_factors(value: object) -> bool:
    return _is_table_by(RISKS, value, lambda count: type(count) is int and 1 <= count <= _MOST_FACTORS)


def _is_table_of_divisions(value: object) -> bool:
    return _is_table_by(RISKS, value, lambda text: isinstance(text, str) and parsed_division(text) is not None)


def _is_table_of_seconds(value: object) -> bool:
    return _is_table_by(_REMEMBERED, value, lambda seconds: type(seconds) is int and seconds >= 0)


def _is_table_by(risks: Collection[str], value: object, holds: Callable[[object], bool]) -> bool:
    return isinstance(value, dict) and all(risk in risks and holds(one) for risk, one in value.items())


def _is_table_of_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(address, str) for address in value.values())


RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "alert_user_failures": (_is_threshold, "a whole number, 0 to 1000"),
    "alert_device_failures": (_is_threshold, "a whole number, 0 to 1000"),
    "networks": (_is_table_of_texts, "a table of addresses by name"),
    "witnesses": (_is_table_of_texts, "a table of addresses by name"),
    "keys": (_is_table_of_texts, "a table of URIs by name"),
    "custodians": (_is_table_of_texts, "a table of addresses by number"),
    "certification_server": (_is_nothing_or_https, '"", or an address that begins with https://'),
    "login_log_mode": (LOG_MODES.__contains__, f"one of {', '.join(LOG_MODES)}"),
    "unlisted_risk": (RISKS.__contains__, f"one of {', '.join(RISKS)}"),
    "least_factors": (_is_table_of_factors, "a table of numbers, 1 to 3, by risk level"),
    "divisions": (_is_table_of_divisions, 'a table of texts as "3 of 5" by risk level'),
    "remembered_keys": (_is_table_of_seconds, "a table of seconds by risk level, without critical"),
    "model_risks": (_is_table_of_risks, "a table of risk levels by manufacturer and model"),
    "database": (_is_file_or_server, f'"", or an address that begins with {_SERVERS}'),
}
