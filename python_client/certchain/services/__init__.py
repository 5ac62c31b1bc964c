"""Services: roles and logs behind HTTP. They parse, serve and translate errors; the rules are those of the layers below."""

from certchain.services.certification import certification_app
from certchain.services.log import log_app
from certchain.services.mirror import mirror_app
from certchain.services.own import engine_app, published_app
from certchain.services.serve import running, serve
from certchain.services.submission import Submission
from certchain.services.witness import witness_app

__all__ = [
    "Submission",
    "certification_app",
    "engine_app",
    "log_app",
    "mirror_app",
    "published_app",
    "running",
    "serve",
    "witness_app",
]
