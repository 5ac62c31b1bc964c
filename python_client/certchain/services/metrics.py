"""``/metrics``: what a service does, for Prometheus. Labels name kinds and errors, and of parties only custodians, by number."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from fastapi import Request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from certchain.config import Clock
from certchain.log import LogEngine
from certchain.log.keeper import LogStatus
from certchain.models.identifier import ServiceId
from certchain.roles.certification_server.trouble import CustodianTroubles
from certchain.services.connected import require_operator
from certchain.services.messages import Heard
from certchain.services.problem import NEVER_KEPT, SAFE
from certchain.services.protocol import CONNECTIONS_KEY

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The numbers of one application, in a registry of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._messages = Counter(
            "certchain_messages", "Messages, by kind and outcome", ["kind", "outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "certchain_message_seconds",
            "Time that a message took, from its last byte to its answer",
            ["kind"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._refused = Counter(
            "certchain_requests_refused", "Requests that were not let in, by error", ["error"], registry=self._registry
        )
        self._connections = Gauge("certchain_open_connections", "Connections that are open", registry=self._registry)

    def heard(self, heard: Heard) -> None:
        """Counts a message."""
        self._messages.labels(heard.kind, heard.outcome).inc()
        self._seconds.labels(heard.kind).observe(heard.seconds)

    def refused(self, error: str) -> None:
        """Counts a request that was not let in."""
        self._refused.labels(error).inc()

    def watch_log(self, engine: LogEngine) -> None:
        """Shows how far a log is, whenever it is asked."""
        status = engine.keeper.status
        self._gauge("certchain_log_entries", "Entries that are durable", lambda: status().size)
        self._gauge(
            "certchain_log_published_entries", "Entries that a checkpoint covers", lambda: status().published_size
        )
        self._gauge("certchain_log_chain_entries", "Entries that the chain has", lambda: status().chain_size)
        self._gauge("certchain_log_behind", "Entries that the chain lacks", lambda: status().behind)
        self._gauge("certchain_log_held_up", "1 while publication or anchor fails", lambda: _held_up(status()))

    def watch_custodians(self, troubles: Callable[[], Mapping[ServiceId, CustodianTroubles]]) -> None:
        """Shows how often each custodian gave something wrong, or nothing, since the start."""
        self._registry.register(_CustodianCollector(troubles))

    def answer(self, request: Request) -> Response:
        """The endpoint, for operators. Raises as ``require_operator`` does."""
        require_operator(request, self._clock)
        self._connections.set(len(request.scope.get(CONNECTIONS_KEY, ())))
        headers = {**SAFE, **NEVER_KEPT}
        return Response(generate_latest(self._registry), headers=headers, media_type=CONTENT_TYPE_LATEST)

    def _gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        Gauge(name, text, registry=self._registry).set_function(value)


@dataclass(frozen=True, slots=True)
class _CustodianCollector(Collector):
    """Custodians that there was no trouble with do not show."""

    troubles: Callable[[], Mapping[ServiceId, CustodianTroubles]]

    def collect(self) -> Iterator[Metric]:
        """One count for each custodian and kind of trouble."""
        text = "Answers of a custodian that were wrong, or missing"
        family = CounterMetricFamily("certchain_custodian_troubles", text, labels=("custodian", "kind"))
        for custodian, counted in self.troubles().items():
            family.add_metric((str(custodian), "wrong"), counted.wrong)
            family.add_metric((str(custodian), "missing"), counted.missing)
        yield family


def _held_up(status: LogStatus) -> int:
    return int(status.publication_problem is not None or status.anchor_problem is not None)
