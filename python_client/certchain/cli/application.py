"""The tree of commands."""

from certchain.cli.alert import alert
from certchain.cli.app import app
from certchain.cli.batch import batch
from certchain.cli.command import command, noun
from certchain.cli.custodian import custodian
from certchain.cli.demo import demo
from certchain.cli.deploy import deploy
from certchain.cli.device import device
from certchain.cli.enrolment import enrol
from certchain.cli.joining import network
from certchain.cli.key import key
from certchain.cli.log import log
from certchain.cli.method import method
from certchain.cli.mirror import mirror
from certchain.cli.node import node
from certchain.cli.operator import operator
from certchain.cli.package import package
from certchain.cli.product import product
from certchain.cli.registration import registration
from certchain.cli.self_check import self_check
from certchain.cli.server import server
from certchain.cli.session import session
from certchain.cli.subscriber import subscriber
from certchain.cli.user import user
from certchain.cli.user_device import user_device
from certchain.cli.witness import witness

NOUNS = (
    user,
    user_device,
    app,
    device,
    batch,
    method,
    registration,
    session,
    product,
    package,
    log,
    witness,
    mirror,
    alert,
    subscriber,
    key,
    network,
    server,
    custodian,
    operator,
)

application = noun("certchain", "Keeps an IoT industry's security promises on a permissioned Ethereum network.")
command(application, "demo", beside_others=True)(demo)
command(application, "node", beside_others=True)(node)
command(application, "deploy")(deploy)
command(application, "enrol")(enrol)
command(application, "self-check", beside_others=True)(self_check)
for _noun in NOUNS:
    application.add_typer(_noun)
