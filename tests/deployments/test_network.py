"""Who may talk to whom by the network policies, read as Kubernetes reads them."""

import pytest

from oracul.chains import PROJECT_ROOT
from tests.deployments.test_kubernetes import of_kind, pods
from tests.fixtures.kustomize import render

K8S = PROJECT_ROOT / "deployments" / "k8s"
INTERNET = None

WANTED = {
    "small": [
        ("worker", "clickhouse", 8443), ("worker-ingest", "clickhouse", 8443),
        ("migrate", "clickhouse", 8443), ("worker", "prefect", 4200), ("deploy", "prefect", 4200),
        ("prefect", "postgres", 5432), ("postgres-dump", "postgres", 5432),
        ("superset", "clickhouse", 8443),
        ("worker-ingest", INTERNET, 443), ("worker", INTERNET, 443),
    ],
    "production": [
        ("worker", "clickhouse", 8443), ("worker-ingest", "clickhouse", 8443),
        ("clickhouse", "clickhouse", 9010), ("clickhouse", "clickhouse", 9440),
        ("superset", "clickhouse", 8443), ("clickhouse", "keeper", 9181),
        ("keeper", "keeper", 9234),
        ("prefect", INTERNET, 5432), ("worker-ingest", INTERNET, 443),
    ],
}  # fmt: skip


def selects(selector, labels):
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for one in selector.get("matchExpressions", []):
        assert one["operator"] == "In"
        if labels.get(one["key"]) not in one["values"]:
            return False
    return True


def is_allowed(policies, direction, own, other, port):
    """Whether one end's policies let a connection pass; `other` None = an address outside."""
    kind, peers = ("Ingress", "from") if direction == "ingress" else ("Egress", "to")
    mine = [p["spec"] for p in policies if selects(p["spec"]["podSelector"], own)]
    mine = [spec for spec in mine if kind in spec["policyTypes"]]
    rules = [rule for spec in mine for rule in spec.get(direction, [])]
    return not mine or any(
        port in [one["port"] for one in rule["ports"]] and meets(peer, other)
        for rule in rules
        for peer in rule[peers]
    )


def meets(peer, other):
    if other is INTERNET:
        return "ipBlock" in peer
    return "podSelector" in peer and selects(peer["podSelector"], other)


def connects(documents, source, target, port):
    labels = {name: labels for name, labels, _ in pods(documents)}
    policies = of_kind(documents, "NetworkPolicy")
    other = labels[target] if target else INTERNET
    out = is_allowed(policies, "egress", labels[source], other, port)
    return out and (
        target is INTERNET or is_allowed(policies, "ingress", other, labels[source], port)
    )


@pytest.mark.parametrize("overlay", WANTED)
def test_pods_reach_exactly_what_they_need(overlay):
    documents = render(K8S / overlay)
    names = [name for name, _, _ in pods(documents)]
    ports = (443, 4200, 5432, 8080, 8443, 9440, 9010, 9181, 9234)
    clients = ("worker", "worker-ingest", "migrate", "deploy")
    found = {
        (source, target, port)
        for source in names for target in [*names, INTERNET] for port in ports
        if connects(documents, source, target, port)
    }  # fmt: skip
    # Of the clients, all may ask both: a worker needs both, and jobs are of the same image.
    both = {
        (one, to, port) for one in clients for to, port in (("clickhouse", 8443), ("prefect", 4200))
    }
    outside = {("worker", INTERNET, 443)}
    assert found == set(WANTED[overlay]) | both | outside


def test_without_the_rule_for_clients_no_worker_reaches_the_warehouse():
    documents = [d for d in render(K8S / "small") if d["metadata"]["name"] != "clients"]
    assert not connects(documents, "worker", "clickhouse", 8443)


def test_metadata_service_and_private_networks_are_out_of_reach():
    policies = of_kind(render(K8S / "small"), "NetworkPolicy")
    outside = next(p for p in policies if p["metadata"]["name"] == "workers-outside")
    block = outside["spec"]["egress"][0]["to"][0]["ipBlock"]
    assert {"169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} <= set(
        block["except"]
    )
