"""The recogniser of a home folder, over its login log."""

from certchain.cli.party import Cast
from certchain.cli.record import CERTIFICATION_SERVER
from certchain.cli.workspace import Workspace
from certchain.roles.recogniser import Equipment, Recogniser
from certchain.storage import SqlNotificationStore


def notification_store(workspace: Workspace) -> SqlNotificationStore:
    """Alerts, subscribers and deliveries, beside the management database. Raises ``StorageUnavailable``."""
    store = SqlNotificationStore(workspace.database_location)
    workspace.closing.callback(store.close)
    return store


def home_recogniser(workspace: Workspace) -> Recogniser:
    """The recogniser, with the install receipts that this home's update server has. Closed with the workspace."""
    equipment = Equipment(
        identity=workspace.log.identity,
        ledger=workspace.ledger(CERTIFICATION_SERVER),
        log=workspace.log.engine,
        store=notification_store(workspace),
        clock=workspace.clock,
        receipts=Cast(workspace).update_server.receipts,
    )
    recogniser = Recogniser(equipment)
    workspace.closing.callback(recogniser.stop)
    return recogniser
