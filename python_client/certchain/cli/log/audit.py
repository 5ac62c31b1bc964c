"""The log as an auditor sees it: followed, compared, and what is wrong with it as evidence."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.argument import File
from certchain.cli.command import command
from certchain.cli.log.argument import Urls, Witnesses, read_file, read_note, served_source, witness_keys
from certchain.cli.log.noun import log
from certchain.cli.output import Result
from certchain.cli.party import AUDITS, Cast
from certchain.cli.record import CERTIFICATION_SERVER
from certchain.cli.workspace import Workspace
from certchain.errors import MalformedValue
from certchain.errors.audit import LogFinding
from certchain.log import LogSource
from certchain.roles.auditor import Auditor, FollowedLog, check_evidence
from certchain.verification.evidence import verify_evidence


def audited(workspace: Workspace, urls: list[str] | None) -> tuple[Auditor, FollowedLog, list[LogSource]]:
    """The auditor, who works alone, with the log that is meant, and the sources it is also read at.

    For the log of this home, the home is held, too; one that is served is read beside whoever writes it.
    """
    if not urls:
        workspace.alone_in(workspace.home.folder)
    workspace.alone_in(workspace.home.store(AUDITS))
    cast = Cast(workspace)
    sources: list[LogSource] = [served_source(workspace, url) for url in urls or ()]
    followed = cast.served_log(sources[0]) if sources else cast.followed_log()
    return cast.auditor, followed, sources[1:]


@contextmanager
def _evidence_told(workspace: Workspace) -> Iterator[None]:
    """Says where the evidence of a finding is."""
    try:
        yield
    except LogFinding as finding:
        for name in (finding.evidence, *finding.also.split()):
            if name:
                workspace.output.note(f"The evidence is in {workspace.home.store(AUDITS) / name}")
        raise


@command(log, "audit", beside_others=True)
def audit(
    workspace: Workspace,
    url: Urls = None,
    whole: Annotated[bool, typer.Option("--whole", help="Go through the whole log again.")] = False,
) -> Result:
    """Follows the log from the last audit on: every leaf against the checkpoint and the chain, and what entries say.

    With --url only what everyone may see, beside the log's writer. What is wrong is kept as evidence.
    """
    auditor, followed, elsewhere = audited(workspace, url)
    with _evidence_told(workspace), workspace.output.progress("Auditing") as advance:
        report = auditor.audit(followed, advance, whole=whole)
        auditor.compare(followed, sources=elsewhere)
    for found in report.findings:
        told = f"{found.finding} at entry {found.index} was found before."
        workspace.output.note(f"{told} The evidence is in {workspace.home.store(AUDITS) / found.evidence}")
    but = f", but for {len(report.findings)} that were told before" if report.findings else ""
    values = {
        "log": report.origin,
        "entries": report.size,
        "root": report.root,
        "on_chain": report.on_chain,
        "bodies": report.bodies,
        "erased": report.erased,
        "found_before": [found.evidence for found in report.findings],
        "witnesses": [cosignature.witness for cosignature in report.cosignatures],
        "compared_with": len(elsewhere),
    }
    return Result(f"The log's {report.size} entries hold{but}, and the chain has {report.on_chain} of them.", values)


@command(log, "compare", beside_others=True)
def compare(
    workspace: Workspace,
    notes: Annotated[
        list[Path] | None, typer.Argument(help="Checkpoints that others were shown.", show_default=False)
    ] = None,
    url: Urls = None,
) -> Result:
    """Compares checkpoints that others were shown with the log's: whether all of them can be of one log.

    They are files, or what a second --url shows: one of either at least.
    """
    shown = [read_note(path) for path in notes or ()]
    if not shown and not (url or ())[1:]:
        raise MalformedValue("checkpoints", "there is nothing to compare: give a file, or --url twice")
    auditor, followed, elsewhere = audited(workspace, url)
    with _evidence_told(workspace):
        view = auditor.compare(followed, *shown, sources=elsewhere)
    values = {"checkpoints": len(shown) + len(elsewhere), "size": view.size, "root": view.checkpoint.root}
    return Result(f"All of them are of one log, the largest of {view.size} entries.", values)


@command(log, "evidence", beside_others=True)
def evidence(
    workspace: Workspace,
    file: File,
    witness: Witnesses = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not compare with the chain.")] = False,
) -> Result:
    """Verifies a piece of evidence: what it proves, and what it leaves to be believed.

    Witnesses count whom you name by their verifier keys, or else those of the settings; so does the settings' tolerance of clocks.
    """
    data, tolerance = read_file(file), workspace.configuration.clock_tolerance
    known = witness_keys(witness) if witness else workspace.log.witnesses
    if offline:
        found = verify_evidence(data, known, tolerance)
    else:
        ledger = workspace.reader
        server = Cast(workspace).service(CERTIFICATION_SERVER)
        found = check_evidence(data, ledger.login_log, ledger.registrations, server, known, tolerance=tolerance)
    values = {
        "finding": found.finding,
        "log": found.origin,
        "proven": found.proven,
        "signers": list(found.thumbprints),
        "witnesses": list(found.witnesses),
        "relies_on": list(found.relies_on),
    }
    return Result(f"{found.finding}: {found.proven}.", values)
