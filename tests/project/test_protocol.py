"""The protocol's tables are complete: every preimage and every message of the code has its row, and no row is of nothing."""

import re
from collections.abc import Iterator
from pathlib import Path

from certchain.channel.envelope import is_message
from certchain.models import entry

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python_client" / "certchain"
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
BYTES, MESSAGES = (
    re.split(r"^## ", re.split(rf"^## {title}$", PROTOCOL, flags=re.M)[1], maxsplit=1, flags=re.M)[0]
    for title in (r"1\. Bytes", r"9\. Messages")
)
ANSWERED = re.compile(r"^\s*case (\w+)\(\):|kind=([\w.| ]+)\)|^\s*(\w+)\.__name__: self\._?\w", re.M)


def rows(section: str) -> list[str]:
    """The first cell of each row of a section's tables, headings apart."""
    return list(re.findall(r"^\| `([\w-]+)`", section, re.M))


def sources(*folders: str) -> Iterator[str]:
    """The text of every module in folders of the package."""
    for folder in folders:
        yield from (path.read_text() for path in sorted((PACKAGE / folder).rglob("*.py")))


def test_every_preimage_has_a_row_and_every_row_is_of_a_preimage() -> None:
    """The name behind the domain tag. A package digest has a rule of its own (1.4)."""
    built = {
        name
        for text in sources("encoding", "channel")
        for name in re.findall(r'\b(?:preimage|digest)\(\s*"([a-z-]+)"', text)
    }
    assert built - {"package"} == set(rows(BYTES))
    assert "`package`" in BYTES


def test_no_preimage_has_two_rows() -> None:
    """One name, one list of fields."""
    assert len(rows(BYTES)) == len(set(rows(BYTES)))


def test_every_message_that_a_role_answers_has_a_row_and_every_row_is_answered() -> None:
    """As the roles' handlers tell them apart. What tells kinds of entries apart is no handler."""
    found = [hit for text in sources("roles", "log") for hits in ANSWERED.findall(text) for hit in hits if hit]
    answered = {name for hit in found for name in re.findall(r"\w+", hit.replace(".__name__", ""))}
    elsewhere = {"EnrolmentRequest"}  # POST /enrolment, before there is a channel
    assert {name for name in answered if is_message(name) and not hasattr(entry, name)} | elsewhere == set(
        rows(MESSAGES)
    )


def test_every_answer_of_the_table_is_a_message() -> None:
    """Nothing is promised that could not cross a channel."""
    named = set(re.findall(r"`([A-Z]\w+)`", MESSAGES))
    assert named
    assert {name for name in named if not is_message(name)} == set()


def test_the_rules_are_numbered_in_their_order() -> None:
    """Section by section from 1 on, and each rule's number begins with its section's."""
    sections = [int(number) for number in re.findall(r"^## (\d+)\.", PROTOCOL, re.M)]
    rules = [tuple(map(int, number.split("."))) for number in re.findall(r"^\*\*(\d+(?:\.\d+)+)\*\*", PROTOCOL, re.M)]
    assert sections == list(range(1, len(sections) + 1))
    assert rules == sorted(set(rules))
    assert {rule[0] for rule in rules} <= set(sections)


def test_every_rule_that_the_protocol_refers_to_is_there() -> None:
    """Of the form (5.14), and lists of those."""
    rules = set(re.findall(r"^\*\*(\d+(?:\.\d+)+)\*\*", PROTOCOL, re.M))
    lists = re.findall(r"\((\d+\.[1-9]\d*(?:\.\d+)?(?:, \d+\.\d+)*)\)", PROTOCOL)
    assert lists
    assert {rule for found in lists for rule in found.split(", ")} - rules == set()
