"""`certchain alert`: what was recognised in the login log."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.argument import File
from certchain.cli.command import command, noun
from certchain.cli.log.argument import Quorum, Thumbprint, Witnesses, read_file, witness_keys, write_file
from certchain.cli.log.shown import shown
from certchain.cli.output import Result, Values, listed
from certchain.cli.party import Cast
from certchain.cli.recogniser import home_recogniser, notification_store
from certchain.cli.record import CERTIFICATION_SERVER
from certchain.cli.workspace import Workspace
from certchain.encoding.moment import moment
from certchain.errors import AlertInvalid, UnknownRecord
from certchain.models.alert import KeptAlert, ProvenAlert
from certchain.models.digest import Digest
from certchain.models.identifier import service_party
from certchain.storage import NotificationStore
from certchain.verification.alert import document_bytes, verify_alert, verify_recorded

alert = noun("alert", "Attacks that were recognised in the login log.")

Number = Annotated[int, typer.Argument(help="The alert's number on the chain.", min=1, show_default=False)]
_MOST = 10_000


@command(alert, "recognise")
def recognise(workspace: Workspace) -> Result:
    """Looks through what is new in the published log, raises what it recognises, and tells the subscribers.

    A running server does so by itself.
    """
    workspace.log.engine.publication.publish()
    recogniser = home_recogniser(workspace)
    raised = recogniser.turn()
    values = {"raised": raised, "entries": recogniser.status().recognised}
    return Result(f"{raised} alerts were raised; {values['entries']} entries of the log were read.", values)


@command(alert, "list", beside_others=True)
def list_alerts(
    workspace: Workspace, limit: Annotated[int, typer.Option(help="The most to show.", min=1, max=_MOST)] = 100
) -> Result:
    """Lists the alerts, the newest first; one without a number is not on the chain yet."""
    return listed("alert", [_row(kept) for kept in notification_store(workspace).alerts(limit)])


@command(alert, "show")
def show(
    workspace: Workspace,
    number: Number,
    out: Annotated[Path | None, typer.Option(help="A file for the alert's document.", show_default=False)] = None,
    withheld: Annotated[bool, typer.Option("--withheld", help="Without what the entries say.")] = False,
) -> Result:
    """Shows an alert with the entries that it is about, and writes its document for others."""
    recogniser = home_recogniser(workspace)
    kept = _numbered(recogniser.equipment.store, number)
    data = document_bytes(recogniser.document(kept.digest, withheld=withheld))
    if out is not None:
        write_file(out, data)
    return _proven(verify_alert(data), {"file": out} if out else {})


@command(alert, "verify", beside_others=True)
def verify(
    _: Workspace, file: File, thumbprint: Thumbprint = None, witness: Witnesses = None, quorum: Quorum = 0
) -> Result:
    """Verifies an alert's document by itself: no chain, no server and no home folder are asked."""
    signer = Digest.parse(thumbprint) if thumbprint else None
    proven = verify_alert(read_file(file), thumbprint=signer, witnesses=witness_keys(witness), quorum=quorum)
    return _proven(proven)


@command(alert, "check", beside_others=True)
def check(workspace: Workspace, file: File) -> Result:
    """Verifies an alert's document, and compares it with the chain: the signer's keys, and the alert's digest."""
    ledger, server = workspace.reader, service_party(Cast(workspace).service(CERTIFICATION_SERVER))
    data = read_file(file)
    proven = verify_alert(data)
    known = [record.thumbprint for record in ledger.registrations.keys(server)]
    if proven.checkpoint.signer != server or proven.checkpoint.thumbprint not in known:
        raise AlertInvalid("the chain does not have its signer's keys as the certification server's")
    return _proven(verify_recorded(proven, ledger.alerts.alert(proven.number)))


def _numbered(store: NotificationStore, number: int) -> KeptAlert:
    for kept in store.alerts(_MOST):
        if kept.number == number:
            return kept
    raise UnknownRecord("alert", str(number))


def _row(kept: KeptAlert) -> Values:
    alert_ = kept.alert
    return {
        "alert": kept.number,
        "rule": alert_.rule,
        "device": alert_.device,
        "at": moment(alert_.at),
        "entries": [leaf.index for leaf in alert_.entries],
        "digest": kept.digest,
    }


def _proven(proven: ProvenAlert, more: Values | None = None) -> Result:
    row = _row(KeptAlert(proven.alert, proven.digest, proven.number))
    said = [shown(entry.leaf, entry.entry) for entry in proven.entries]
    if proven.withheld:
        said = [{**each, "kind": "withheld"} for each in said]
    checkpoint = proven.checkpoint
    values = {
        **row,
        "said": said,
        "log": checkpoint.origin,
        "size": checkpoint.size,
        "signer": checkpoint.signer,
        "thumbprint": checkpoint.thumbprint,
        "witnesses": [cosignature.witness for cosignature in proven.cosignatures],
        **(more or {}),
    }
    count = len(proven.entries)
    which = "1 entry of the log proves" if count == 1 else f"{count} entries of the log prove"
    return Result(f"{which} alert {proven.number}: {proven.alert.rule.label} at device {proven.alert.device}.", values)
