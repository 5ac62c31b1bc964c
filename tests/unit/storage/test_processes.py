"""Several processes work on one management database: what serves once serves once, and every count counts."""

import subprocess
import sys
from pathlib import Path

from certchain.models.entry import Subject, SubjectKind
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.storage import SqlManagementDatabase

PAIRS = [(UserId(number), UserDeviceId(2), DeviceId(7)) for number in range(1, 21)]
MINA = Subject(SubjectKind.USER, 3)

# Takes every permit that it gets, and counts a failure after each try; it begins when it is told to.
APPLICANT = """
import os
import sys
from pathlib import Path
from certchain.models.digest import Digest
from certchain.models.entry import Subject, SubjectKind
from certchain.storage import SqlManagementDatabase
database = SqlManagementDatabase(sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1]))
mine = Digest(os.urandom(32))
print("ready", flush=True)
sys.stdin.readline()
for user in range(1, 21):
    print(user if database.take_permit(user, 2, 7, mine, 50) else 0)
    database.count_failure(Subject(SubjectKind.USER, 3))
"""


def test_each_permit_is_taken_by_one_process_and_each_failure_counted(location: Path | str) -> None:
    database = SqlManagementDatabase(location)
    for pair in PAIRS:
        database.put_permit(*pair, expires_at=100)
    command = [sys.executable, "-c", APPLICANT, str(location)]
    applicants = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for applicant in applicants:
        assert applicant.stdout is not None
        assert applicant.stdout.readline() == "ready\n"
    taken = [int(line) for text in _told(applicants) for line in text.split()]

    assert sorted(number for number in taken if number) == [user for user, _, _ in PAIRS]
    assert database.failures(MINA).failures == len(taken) == 60
    database.close()


def _told(applicants: list[subprocess.Popen[str]]) -> list[str]:
    for applicant in applicants:
        assert applicant.stdin is not None
        applicant.stdin.write("go\n")
        applicant.stdin.flush()
    return [applicant.communicate(timeout=60)[0] for applicant in applicants]
