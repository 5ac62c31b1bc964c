"""`certchain deploy`: the contracts, and everyone whom a network cannot do without."""

from dataclasses import replace
from itertools import permutations
from typing import Annotated

import typer

from certchain.cli.custody import shares_key
from certchain.cli.home_log import SUBJECT_KEYS
from certchain.cli.output import Result
from certchain.cli.party import KEY_DATA, Cast, approver_names
from certchain.cli.record import (
    AUDITOR,
    AUTHORITY,
    CERTIFICATION_SERVER,
    MANUFACTURER,
    SERVICES,
    ServiceRecord,
    custodian_names,
)
from certchain.cli.workspace import Workspace
from certchain.config import write_configuration
from certchain.errors import AlreadyDeployed
from certchain.keys import PrivateKeys
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import LogMode
from certchain.models.registration import Factor
from certchain.roles.authority import Authority
from certchain.verification.statement import Identity

ADMIN = "admin"
METHODS = tuple(order for count in (3, 2, 1) for order in permutations(Factor, count))
"""The combination methods of a new network, in the order of their numbers: every ordered choice of factors, the strongest first."""


def deploy(
    workspace: Workspace,
    *,
    network: Annotated[
        str | None, typer.Option(help="A network of the configuration, or a node's address; by default the local node.")
    ] = None,
    approvals: Annotated[int | None, typer.Option(min=1, help="How many approvals a package needs.")] = None,
    login_log_mode: Annotated[
        LogMode | None, typer.Option(help="How the chain keeps the login log, for good: every leaf, or roots only.")
    ] = None,
    custodians: Annotated[
        int | None,
        typer.Option(
            min=0, max=7, help="How many custodians this home has itself; 0 where all are elsewhere.", show_default="5"
        ),
    ] = None,
    unrecorded: Annotated[
        bool,
        typer.Option("--unrecorded", help="Let services run from a clone, whose files nothing can be checked against."),
    ] = False,
) -> Result:
    """Deploys the contracts, makes the roles' accounts and keys, and enrols the services.

    If it is interrupted, run it again: what is done is not done twice.
    """
    _configure(
        workspace,
        network=network,
        approvals=approvals,
        mode=login_log_mode,
        custodians=custodians,
        unrecorded=unrecorded,
    )
    steps = (_make_accounts, _deploy_contracts, _grant_roles, _define_methods, _enrol_services)
    with workspace.output.progress("Deploying") as advance:
        for done, step in enumerate(steps):
            advance(done, len(steps))
            step(workspace)
    services = {name: workspace.records.read(ServiceRecord, name).number for name in services_here(workspace)}
    values = {
        "home": workspace.home.folder,
        "network": workspace.configuration.network,
        "identity": workspace.reader.network,
        "login_log_mode": workspace.reader.login_log.mode,
        "services": services,
        "methods": len(METHODS),
    }
    return Result("The network is deployed, and its services are enrolled.", values)


def _configure(
    workspace: Workspace,
    *,
    network: str | None,
    approvals: int | None,
    mode: LogMode | None,
    custodians: int | None,
    unrecorded: bool,
) -> None:
    """Settles what the deployment depends on, before there is one. Raises ``AlreadyDeployed`` when there is nothing left to do."""
    known = workspace.configuration
    if all(name in workspace.records.all(ServiceRecord) for name in services_here(workspace)):
        raise AlreadyDeployed(known.network)
    chosen = replace(
        known,
        network=network or known.network,
        approvals_required=approvals or known.approvals_required,
        login_log_mode=known.login_log_mode if mode is None else mode.value,
        home_custodians=known.home_custodians if custodians is None else custodians,
        unrecorded_installation=unrecorded or known.unrecorded_installation,
    )
    if chosen != known and workspace.home.deployment.exists():
        raise AlreadyDeployed(known.network)
    if chosen != known or not workspace.home.configuration.exists():
        write_configuration(workspace.home.configuration, chosen)
    workspace.configuration = chosen


def services_here(workspace: Workspace) -> tuple[str, ...]:
    """The services that this home has itself."""
    return (*SERVICES, *custodian_names(workspace.configuration.home_custodians))


def holders(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """Which accounts hold each role of the table of permissions."""
    return {
        "authority": (AUTHORITY,),
        "approver": approver_names(workspace),
        "manufacturer": (MANUFACTURER,),
        "certification_server": (CERTIFICATION_SERVER,),
    }


def _make_accounts(workspace: Workspace) -> None:
    workspace.keyring.open(new=not workspace.home.account(ADMIN).exists())
    for name in (ADMIN, *(name for names in holders(workspace).values() for name in names)):
        workspace.keyring.made_account(name)


def _deploy_contracts(workspace: Workspace) -> None:
    names = (ADMIN, *(name for names in holders(workspace).values() for name in names))
    workspace.network.fund([workspace.keyring.account(name).address for name in names])
    workspace.network.deploy(workspace.keyring.account(ADMIN))


def _grant_roles(workspace: Workspace) -> None:
    permissions = workspace.ledger(ADMIN).permissions
    for role, names in holders(workspace).items():
        for address in (workspace.keyring.account(name).address for name in names):
            if not permissions.has_role(role, address):
                permissions.grant(role, address)


def _define_methods(workspace: Workspace) -> None:
    registrations = workspace.ledger(AUTHORITY).registrations
    for factors in METHODS[registrations.method_count() :]:
        registrations.define_method(factors)


def _enrol_services(workspace: Workspace) -> None:
    workspace.keyring.made_sealing_key(KEY_DATA)
    workspace.keyring.made_sealing_key(SUBJECT_KEYS)
    workspace.keyring.made_authority(workspace.reader.network, workspace.clock.now())
    custodians = custodian_names(workspace.configuration.home_custodians)
    for name in custodians:
        workspace.keyring.made_sealing_key(shares_key(name))
    pairs = {name: workspace.keyring.made_service(name) for name in services_here(workspace)}
    _record(
        workspace, AUTHORITY, _nameless_authority(workspace, pairs[AUTHORITY]).enrol_service(pairs[AUTHORITY].public)
    )
    authority = Cast(workspace).authority(approving=False)
    account = workspace.keyring.account(MANUFACTURER).address
    _record(workspace, MANUFACTURER, authority.enrol_manufacturer(account, pairs[MANUFACTURER].public))
    for name in (CERTIFICATION_SERVER, AUDITOR, *custodians):
        _record(workspace, name, authority.enrol_service(pairs[name].public))


def _nameless_authority(workspace: Workspace, pair: PrivateKeys) -> Authority:
    """The authority as it enrols itself, before it has a number to sign under."""
    ledger = workspace.ledger(AUTHORITY)
    identity = Identity(ledger.network, service_party(ServiceId(0)), pair)
    return Authority(identity, ledger, workspace.store(AUTHORITY), workspace.clock)


def _record(workspace: Workspace, name: str, service: ServiceId) -> None:
    keys = workspace.keyring.service(name).public
    workspace.records.write(name, ServiceRecord(service, keys.signing.hex(), keys.exchange.hex()))
