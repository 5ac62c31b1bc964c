"""The end of the story: the log is replayed against the chain, and an entry is proven to someone who has no chain at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

from certchain.cli.demo.household import WITNESS
from certchain.cli.demo.stage import Stage
from certchain.cli.record import CERTIFICATION_SERVER
from certchain.encoding.digest import key_thumbprint
from certchain.errors import VerificationFailed

PROVEN = 1
_PATIENCE = 60.0


def audit(stage: Stage) -> None:
    """The auditor's replay, the proof file, and the program run by someone else."""
    stage.scene("7. The audit, and a proof that needs no chain")
    stage.cast.certification_server.flush()
    auditor, log = stage.cast.auditor, stage.cast.followed_log()
    report = auditor.audit(log)
    stage.require("the audit covered the whole log", (report.size, report.on_chain) == (stage.log_size(),) * 2)
    stage.tell(
        "audit",
        f"The auditor has replayed {report.size} entries: leaf by leaf and batch by batch, the log is the chain's.",
    )
    stage.require("the witness has cosigned", [each.witness for each in report.cosignatures] == [WITNESS])
    stage.tell(
        "witness", f"{WITNESS} has cosigned the checkpoint of {report.size} entries: nobody is shown another log."
    )
    file = stage.workspace.home.folder / "entry.proof"
    file.write_bytes(auditor.prove(log, PROVEN))
    stage.tell("prove", f"A file of {file.stat().st_size} bytes proves entry {PROVEN}, Alice's first certification.")
    _accepted(stage, file)
    _rejected(stage, file)


def _accepted(stage: Stage, file: Path) -> None:
    """A process with no home folder and no chain accepts the file."""
    run = _verify(stage, file)
    stage.require(f"the proof file is accepted: {run.stderr}", run.returncode == 0)
    shown = json.loads(run.stdout)
    stage.require("it proves the entry that was asked for", (shown["entry"], shown["outcome"]) == (PROVEN, "certified"))
    stage.tell(
        "verify",
        f"`certchain log verify {file.name}`, elsewhere and with no chain: entry {PROVEN} of {shown['size']}, {shown['outcome']}.",
    )


def _rejected(stage: Stage, file: Path) -> None:
    """The same process, after one byte of the file is another: the one that says which user it was."""
    genuine = file.read_bytes()
    forged = genuine.replace(b'"user": 1', b'"user": 2')
    stage.require("one byte is changed", sum(a != b for a, b in zip(genuine, forged, strict=True)) == 1)
    file.write_bytes(forged)
    run = _verify(stage, file)
    stage.require("the changed proof file is rejected", run.returncode == VerificationFailed.exit_code)
    stage.tell(
        "",
        f"with one byte changed, user 1 to user 2: {json.loads(run.stderr)['sentence']} (exit code {run.returncode})",
    )


def _verify(stage: Stage, file: Path) -> subprocess.CompletedProcess[str]:
    """`certchain log verify`, in a process of its own that knows nothing but the file and the server's thumbprint."""
    thumbprint = key_thumbprint(stage.workspace.keyring.service(CERTIFICATION_SERVER).public)
    program = [sys.executable, "-P", "-m", "certchain"]
    command = [*program, "log", "verify", str(file), "--thumbprint", str(thumbprint), "--json"]
    environment = {**os.environ, "CERTCHAIN_HOME": str(file.parent / "nowhere")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False)
