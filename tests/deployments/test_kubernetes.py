"""Kubernetes manifests: valid by their schemas, hardened, and joined to each other.

No cluster is there to try them on.
"""

import json
import re
import shutil
import subprocess
from xml.etree import ElementTree

import kubernetes_validate
import pytest
import yaml

from oracul.chains import PROJECT_ROOT
from tests.fixtures.kustomize import containers, pod_spec, render

K8S = PROJECT_ROOT / "deployments" / "k8s"
OVERLAYS = ("small", "production")
VERSIONS = ("1.32", pytest.param("1.37", marks=pytest.mark.slow))
README = (K8S / "README.md").read_text()


@pytest.fixture(scope="module", params=OVERLAYS)
def documents(request):
    return render(K8S / request.param)


def pods(documents):
    """(name, labels, spec) of everything that makes pods."""
    for document in documents:
        spec = pod_spec(document)
        if spec:
            outer = document["spec"]
            outer = outer["jobTemplate"]["spec"] if document["kind"] == "CronJob" else outer
            yield document["metadata"]["name"], outer["template"]["metadata"]["labels"], spec


def of_kind(documents, *kinds):
    return [document for document in documents if document["kind"] in kinds]


@pytest.mark.parametrize("version", VERSIONS)
def test_manifests_are_valid_by_the_schema_of_kubernetes(documents, version):
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)


def test_schema_refuses_a_misspelt_field(documents):
    bad = json.loads(json.dumps(of_kind(documents, "Deployment")[0]))
    bad["spec"]["template"]["spec"]["securityContexts"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(bad, VERSIONS[0], strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_rendering_is_what_kubectl_makes(overlay):
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed; the manifests were rendered by tests/fixtures")
    folder = ["--load-restrictor", "LoadRestrictionsRootOnly", str(K8S / overlay)]
    theirs = subprocess.run(
        [kubectl, "kustomize", *folder], capture_output=True, text=True, check=True
    ).stdout
    assert keyed(yaml.safe_load_all(theirs)) == keyed(render(K8S / overlay))


def keyed(documents):
    return {(d["kind"], d["metadata"]["name"]): unordered(d) for d in documents}


def unordered(value):
    """Lists of named things in order of their names: the order of a merge says nothing."""
    if isinstance(value, dict):
        return {key: unordered(one) for key, one in value.items()}
    if isinstance(value, list):
        return sorted(
            (unordered(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True)
        )
    return value


def test_nothing_is_there_twice(documents):
    names = [(d["kind"], d["metadata"]["name"]) for d in documents]
    assert len(names) == len(set(names))


def test_no_pod_runs_as_root_or_writes_to_its_own_filesystem(documents):
    for name, _, spec in pods(documents):
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name


def test_no_pod_gets_a_token_or_variables_of_services(documents):
    for name, _, spec in pods(documents):
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name


def test_every_container_has_requests_and_limits(documents):
    for name, _, spec in pods(documents):
        for container in spec["containers"]:
            for kind in ("requests", "limits"):
                assert set(container["resources"][kind]) == {"cpu", "memory"}, name


def test_every_container_that_stays_has_its_probes(documents):
    for document in of_kind(documents, "Deployment", "StatefulSet"):
        for container in containers(document):
            ports = {port["name"] for port in container["ports"]}
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                asked = container[probe].get("httpGet") or container[probe].get("tcpSocket")
                assert asked is None or asked["port"] in ports, container["name"]


def test_every_image_has_a_tag_that_does_not_wander(documents):
    for document in documents:
        for container in containers(document):
            tag = container["image"].partition(":")[2]
            assert tag, container["image"]
            assert tag != "latest"


def test_every_volume_and_its_source_exist(documents):
    maps = {d["metadata"]["name"] for d in of_kind(documents, "ConfigMap")}
    claims = {d["metadata"]["name"] for d in of_kind(documents, "PersistentVolumeClaim")}
    for document in documents:
        spec = pod_spec(document)
        if not spec:
            continue
        templates = document["spec"].get("volumeClaimTemplates", [])
        named = {volume["name"] for volume in spec.get("volumes", [])}
        named |= {template["metadata"]["name"] for template in templates}
        mounted = {m["name"] for c in containers(document) for m in c.get("volumeMounts", [])}
        assert mounted == named, document["metadata"]["name"]
        text = json.dumps(spec)
        assert set(re.findall(r'"configMap": \{"name": "([^"]+)"', text)) <= maps
        assert set(re.findall(r'"configMapRef": \{"name": "([^"]+)"', text)) <= maps
        secrets = set(re.findall(r'"secretName": "([^"]+)"', text))
        assert all(f"`{name}`" in README for name in secrets)
        assert set(re.findall(r'"claimName": "([^"]+)"', text)) <= claims


def test_secrets_are_only_referred_to_and_the_readme_says_how_to_make_them(documents):
    assert of_kind(documents, "Secret") == []
    for document in documents:
        for container in containers(document):
            for variable in container.get("env", []):
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if re.search("PASSWORD|AUTH|SECRET", variable["name"]):
                    assert reference, variable["name"]
                if reference:
                    assert reference["name"] in README
                    assert f"--from-literal={reference['key']}=" in README
            for source in container.get("envFrom", []):
                if "secretRef" in source:
                    assert source["secretRef"]["name"] in README


def test_every_service_leads_to_a_port_of_a_pod(documents):
    for service in of_kind(documents, "Service"):
        selector = dict(service["spec"]["selector"])
        # Set by Kubernetes itself on the pods of a StatefulSet, from 1.28.
        selector.pop("apps.kubernetes.io/pod-index", None)
        found = [spec for _, labels, spec in pods(documents) if selector.items() <= labels.items()]
        assert len(found) == 1, service["metadata"]["name"]
        ports = {p["name"] for c in found[0]["containers"] for p in c.get("ports", [])}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


def test_every_stateful_set_has_its_service(documents):
    services = {d["metadata"]["name"] for d in of_kind(documents, "Service")}
    for document in of_kind(documents, "StatefulSet"):
        assert document["spec"]["serviceName"] in services


def test_publication_has_one_worker_and_the_scheduler_one_server(documents):
    counts = {
        d["metadata"]["name"]: d["spec"]["replicas"]
        for d in of_kind(documents, "Deployment", "StatefulSet")
    }
    assert (counts["worker"], counts["prefect"]) == (1, 1)


def test_replicas_and_keepers_are_named_as_often_as_there_are():
    documents = render(K8S / "production")
    counts = {
        d["metadata"]["name"]: d["spec"].get("replicas") for d in of_kind(documents, "StatefulSet")
    }
    cluster = ElementTree.parse(K8S / "production" / "cluster.xml").getroot()
    hosts = [host.text for host in cluster.iterfind("remote_servers/oracul/shard/replica/host")]
    assert hosts == [f"clickhouse-{n}.clickhouse-replicas" for n in range(counts["clickhouse"])]
    keepers = [f"keeper-{n}.keeper" for n in range(counts["keeper"])]
    assert [host.text for host in cluster.iterfind("zookeeper/node/host")] == keepers
    quorum = ElementTree.parse(K8S / "keeper" / "keeper_config.xml").getroot()
    path = "keeper_server/raft_configuration/server/hostname"
    assert [host.text for host in quorum.iterfind(path)] == keepers


def test_every_file_for_the_server_is_in_its_config_maps(documents):
    maps = {d["metadata"]["name"]: set(d["data"]) for d in of_kind(documents, "ConfigMap")}
    folder = PROJECT_ROOT / "deployments" / "clickhouse"
    for name, place in (("clickhouse-config", "config.d"), ("clickhouse-users", "users.d")):
        assert maps[name] == {file.name for file in (folder / place).iterdir()}


def test_variables_of_the_server_are_those_that_its_files_read(documents):
    maps = {d["metadata"]["name"]: d["data"] for d in of_kind(documents, "ConfigMap")}
    server = next(
        d for d in of_kind(documents, "StatefulSet") if d["metadata"]["name"] == "clickhouse"
    )
    volumes = json.dumps(pod_spec(server)["volumes"])
    mounted = re.findall(r'"configMap": \{"name": "([^"]+)"', volumes)
    text = "".join(file for name in mounted for file in maps[name].values())
    given = {variable["name"] for variable in containers(server)[0]["env"]}
    asked = set(re.findall(r'from_env="(\w+)"', text))
    assert asked == given - {"CLICKHOUSE_SKIP_USER_SETUP", "POD_NAME"}


def test_ports_of_the_server_are_those_of_its_configuration(documents):
    folder = PROJECT_ROOT / "deployments" / "clickhouse"
    config = ElementTree.parse(folder / "config.d" / "oracul.xml").getroot()
    replication = ElementTree.parse(folder / "cluster" / "oracul-cluster.xml").getroot()
    server = next(
        d for d in of_kind(documents, "StatefulSet") if d["metadata"]["name"] == "clickhouse"
    )
    ports = {port["name"]: port["containerPort"] for port in containers(server)[0]["ports"]}
    assert ports == {
        "https": int(config.findtext("https_port")),
        "native": int(config.findtext("tcp_port_secure")),
        "replicas": int(replication.findtext("interserver_https_port")),
    }


def test_cron_jobs_do_only_what_the_scheduler_cannot(documents):
    assert {d["metadata"]["name"] for d in of_kind(documents, "CronJob")} <= {"postgres-dump"}
