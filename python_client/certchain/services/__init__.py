"""Services: roles and logs behind HTTP. They parse, serve and translate errors; the rules are those of the layers below."""

from certchain.services.certification import certification_app
from certchain.services.custodian import custodian_app
from certchain.services.health import Check, room_on_disk
from certchain.services.limit import RequestLimits
from certchain.services.log import log_app
from certchain.services.mirror import mirror_app
from certchain.services.own import engine_app, published_app
from certchain.services.record import set_up_log
from certchain.services.serve import running, serve
from certchain.services.submission import Submission
from certchain.services.witness import witness_app

__all__ = [
    "Check",
    "RequestLimits",
    "Submission",
    "certification_app",
    "custodian_app",
    "engine_app",
    "log_app",
    "mirror_app",
    "published_app",
    "room_on_disk",
    "running",
    "serve",
    "set_up_log",
    "witness_app",
]
