"""The certification server's service keeps the log while it runs, says how far it is, and closes it at the end."""

import json
from pathlib import Path

import pytest

from certchain.channel.https import HttpsChannel
from certchain.errors import LogBacklogFull, LogBusy, StorageUnavailable
from certchain.keys import ServerTls
from certchain.log import LogLimits
from certchain.services import certification_app, running
from certchain.storage import open_log_store
from tests.household import Household
from tests.tls import OLGA, Certificates
from tests.unit.services.test_party import ask


def numbers(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("certchain_log")]
    return {name: float(value) for name, value in lines}


def test_the_log_is_kept_while_the_service_runs_and_closed_at_its_end() -> None:
    home = Household()
    certificates = Certificates(home.server.identity.network)
    tls, olga = ServerTls(certificates.server(home.server.identity.party)), certificates.identity(OLGA)
    with running(certification_app(home.server.role, home.server.log), tls=tls) as url:
        home.lock.to_server = HttpsChannel(
            url, certificates.identity(home.lock.identity.party), home.server.identity.party
        )
        home.lock.restart()
        home.register()
        home.certify()
        home.server.log.keeper.turn(force=True)
        ready = json.loads(ask(url, "/readyz", certificates).body)
        assert ready == {"status": "ok", "checks": {"log": "ok"}}
        shown = numbers(ask(url, "/metrics", certificates, olga).body.decode())
        home.lock.to_server.close()
    assert shown["certchain_log_entries"] == home.server.log_store.size() > 0
    assert shown["certchain_log_chain_entries"] == shown["certchain_log_entries"]
    assert shown["certchain_log_published_entries"] == shown["certchain_log_entries"]
    assert (shown["certchain_log_behind"], shown["certchain_log_held_up"]) == (0, 0)
    assert home.server.log.keeper._thread is None


def test_an_operator_sees_which_custodians_lied_or_were_away() -> None:
    """And when the service ends, none of them is waited for any more."""
    home = Household()
    home.register()
    away, liar = list(home.custodians.values())[:2]
    home.server.custodians[away.id].close()
    home.server.custodians[liar.id].request = lambda message, _: message  # its own question comes back
    certificates = Certificates(home.server.identity.network)
    tls, olga = ServerTls(certificates.server(home.server.identity.party)), certificates.identity(OLGA)
    with running(certification_app(home.server.role, home.server.log), tls=tls) as url:
        home.certify()
        home.server.role.close()
        shown = ask(url, "/metrics", certificates, olga).body.decode()
    family = "certchain_custodian_troubles_total"
    assert f'{family}{{custodian="{away.id}",kind="missing"}} 1.0' in shown
    assert f'{family}{{custodian="{liar.id}",kind="wrong"}} 1.0' in shown
    assert shown.count(f"{family}{{") == 4


def test_a_log_that_takes_nothing_makes_the_service_not_ready() -> None:
    home = Household()
    home.server.log_limits = LogLimits(backlog=home.server.log_store.size())
    home.server.restart()
    certificates = Certificates(home.server.identity.network)
    with pytest.raises(LogBacklogFull):
        home.server.log.writer.require_writable()
    app = certification_app(
        home.server.role, home.server.log, checks={"ledger": home.lock.ledger.registrations.device_count}
    )
    home.server.log.keeper.start = lambda: None  # type: ignore[method-assign] # nobody brings it to the chain
    with running(app, tls=ServerTls(certificates.server(home.server.identity.party))) as url:
        reply = ask(url, "/readyz", certificates)
        assert reply.status == 503
        assert json.loads(reply.body)["checks"] == {"log": "unavailable", "ledger": "ok"}


def test_a_writer_says_that_it_would_take_an_entry_and_a_closed_or_full_one_that_not() -> None:
    home = Household()
    writer = home.server.log.writer
    before = home.server.log_store.size()
    writer.require_writable()
    assert home.server.log_store.size() == before
    writer._waiting = writer._limits.queue
    with pytest.raises(LogBusy):
        writer.require_writable()


def test_a_journal_that_is_in_doubt_or_closed_is_not_writable(tmp_path: Path) -> None:
    """Also with nothing to append."""
    store = open_log_store(tmp_path / "log", write=True)
    store.append((), ())
    assert store._writer is not None
    store._writer._certain = False
    with pytest.raises(StorageUnavailable, match="opened again"):
        store.append((), ())
    store._writer._certain = True
    store.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        store.append((), ())
