"""The very end of the story: Alice is forgotten, and the log is as whole as before."""

from certchain.cli.demo.household import ALICE
from certchain.cli.demo.stage import Stage
from certchain.cli.log.keep import erase, hold, release
from certchain.errors import SubjectOnHold
from certchain.verification.proof import verify_proof_file

FIRST = 1
HOLD, REQUEST = "case-7", "she asks for it"


def forget(stage: Stage) -> None:
    """An erasure that is refused under a legal hold, and then done."""
    stage.scene("8. Alice asks to be forgotten")
    before = stage.log_size()
    stage.run(hold, HOLD, "a court's order", user=ALICE)
    refusal = stage.refused(SubjectOnHold, lambda: stage.run(erase, REQUEST, user=ALICE))
    stage.tell("hold", "A court has put a hold on what is logged about her.")
    stage.tell("", f"refused: {type(refusal).__name__}: {refusal}")
    stage.run(release, HOLD, "the case is closed", user=ALICE)
    stage.run(erase, REQUEST, user=ALICE)
    erased = [logged for logged in stage.cast.log.engine.reader.entries(0, before) if logged.body is None]
    stage.require("what was logged about her is gone", erased[0].leaf.index == FIRST)
    stage.tell(
        "erase", f"The hold is over, and her key destroyed: what {len(erased)} of {before} entries said is gone."
    )
    _still_proven(stage, before, len(erased))


def _still_proven(stage: Stage, before: int, erased: int) -> None:
    """The auditor goes through the whole log again, and the first entry has a proof yet."""
    stage.cast.certification_server.flush()
    auditor, log = stage.cast.auditor, stage.cast.followed_log()
    report = auditor.audit(log, whole=True)
    stage.require("each erased entry is explained by a record", (report.size, report.erased) == (before + 3, erased))
    stage.tell(
        "audit",
        f"The log has only grown, by {report.size - before} records of this, and each erased entry is accounted for.",
    )
    proven = verify_proof_file(auditor.prove(log, FIRST))
    stage.require("the proof says nothing of her", proven.entry is None)
    stage.tell("prove", f"Entry {FIRST} still proves that it was written, and when; no longer what it said.")
