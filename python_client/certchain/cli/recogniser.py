"""The recogniser of a home folder, over its login log."""

from certchain.cli.party import Cast
from certchain.cli.record import CERTIFICATION_SERVER
from certchain.cli.workspace import Workspace
from certchain.config import Configuration
from certchain.roles.recogniser import Equipment, Recogniser
from certchain.storage import SqlNotificationStore
from certchain.verification.recognition import RecognitionPolicy, Threshold

_FIVE_MINUTES = 300


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
        recognition=_policy(workspace.configuration),
    )
    recogniser = Recogniser(equipment)
    workspace.closing.callback(recogniser.stop)
    return recogniser


def _policy(settings: Configuration) -> RecognitionPolicy:
    """The rules' numbers, as far as an operator sets them; 0 switches a rule off."""
    moved = settings.alert_moved_key
    return RecognitionPolicy(
        user_failures=Threshold(settings.alert_user_failures, _FIVE_MINUTES),
        device_failures=Threshold(settings.alert_device_failures, _FIVE_MINUTES),
        moved_key=Threshold(2, moved) if moved else Threshold(0),
    )
