"""`python -m flows.automations`: what the Prefect server watches while no run of ours can.

A run that crashed, a run that is late, a run that fell silent, a work pool without a worker. Each
runs the deployment `alert/trouble`, so that people are told as of anything else. Registered by
`oracul up`; the same again changes nothing, and those of ours that are gone from here are deleted.
"""

import sys
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from oracul.settings import PrefectSettings, load_settings
from oracul.stack.parts import WORK_POOL

PREFIX = "oracul: "
# Without a limit: a run that is left out would lose what it was to tell.
ALERT = "alert/trouble"
_RUN = "prefect.flow-run."
_BEAT = f"{_RUN}heartbeat"
# How a run is said to have ended that did its work, but less than it was asked to (flows.tasks).
DEGRADED = "Degraded"
_ENDED = {f"{_RUN}{state}" for state in ("Completed", DEGRADED, "Failed", "Crashed", "Cancelled")}
_STARTING = {f"{_RUN}{state}" for state in ("Pending", "Submitting", "InfrastructurePending")}
_BEGUN = {f"{_RUN}{state}" for state in ("Pending", "Running", "Cancelling", "Paused")}
_ANY_RUN = {"prefect.resource.id": f"{_RUN}*"}
# Ours, and not a run that tells: it would tell of itself without end.
_OURS = [
    {"prefect.resource.id": "prefect.tag.oracul", "prefect.resource.role": "tag"},
    {"prefect.resource.role": "flow", "prefect.resource.name": "!alert"},
]
# Several deployments run one flow: the end of one is not the end of another's trouble.
_OF_RUN = "{{ deployment.name or flow.name }}"


def automations(alert: UUID, settings: PrefectSettings) -> list[AutomationCore]:
    """All of ours. `alert` is the deployment that tells people. Pure."""
    late, no_worker = settings.late_minutes, settings.no_worker_minutes
    silent = settings.silent_minutes
    return [
        _automation(
            "a run crashed",
            "Its process was killed, or could not begin.",
            EventTrigger(
                expect={f"{_RUN}Crashed"}, match=_ANY_RUN, match_related=_OURS,
                posture=Posture.Reactive, threshold=1,
            ),
            _tell(alert, "run_crashed", _OF_RUN,
                  # A semicolon would begin a second reason.
                  "crashed: {{ flow_run.name }}, "
                  "{{ event.resource['prefect.state-message'] | replace(';', ',') }}"),
        ),
        _automation(
            "a run is late",
            f"It was due {late} minutes ago and no worker has begun it.",
            EventTrigger(
                after={f"{_RUN}Late"}, expect=_BEGUN | _ENDED, match=_ANY_RUN, match_related=_OURS,
                for_each={"prefect.resource.id"}, posture=Posture.Proactive, threshold=1,
                within=timedelta(minutes=late),
            ),
            _tell(alert, "run_late", _OF_RUN,
                  f"was due {late} min ago and has not begun: {{{{ flow_run.name }}}}"),
        ),
        _automation(
            "a run did not begin",
            "Its worker ended while it was starting: it counts as crashed, and its place is free.",
            EventTrigger(
                after=_STARTING, expect={f"{_RUN}Running", _BEAT} | _ENDED, match=_ANY_RUN,
                match_related=_OURS[:1], for_each={"prefect.resource.id"},
                posture=Posture.Proactive, threshold=1, within=timedelta(minutes=silent),
            ),
            ChangeFlowRunState(
                state=StateType.CRASHED, name="Crashed",
                message=f"it did not begin within {silent} min",
            ),
        ),
        _automation(
            "a run fell silent",
            "Neither process nor worker is there to say how it ended: it counts as crashed.",
            EventTrigger(
                after={_BEAT}, expect={_BEAT} | _ENDED, match=_ANY_RUN, match_related=_OURS[:1],
                for_each={"prefect.resource.id"}, posture=Posture.Proactive, threshold=1,
                within=timedelta(minutes=silent),
            ),
            ChangeFlowRunState(
                state=StateType.CRASHED, name="Crashed",
                message=f"it has given no sign of life for {silent} min",
            ),
        ),
        _automation(
            "no worker",
            f"No worker has served the work pool for {no_worker} minutes.",
            EventTrigger(
                after={"prefect.work-pool.not-ready"}, expect={"prefect.work-pool.ready"},
                match={"prefect.resource.id": "prefect.work-pool.*",
                       "prefect.resource.name": WORK_POOL},
                for_each={"prefect.resource.id"}, posture=Posture.Proactive, threshold=1,
                within=timedelta(minutes=no_worker),
            ),
            _tell(alert, "no_worker", "{{ work_pool.name }}",
                  f"no worker served it for {no_worker} min or more; one does again"),
        ),
    ]  # fmt: skip


def register(client: SyncPrefectClient, settings: PrefectSettings) -> list[str]:
    """Create, change and delete until the server has what `automations` says; what was done."""
    alert = client.read_deployment_by_name(ALERT)
    wanted = {one.name: one for one in automations(alert.id, settings)}
    there = [one for one in client.read_automations() if one.name.startswith(PREFIX)]
    done, seen = [], set()
    for one in there:
        if one.name not in wanted or one.name in seen:
            client.delete_automation(one.id)
            done.append(f"deleted {one.name}")
            continue
        seen.add(one.name)
        if _content(one) != _content(wanted[one.name]):
            client.update_automation(
                one.id, wanted[one.name].model_copy(update={"enabled": one.enabled})
            )
            done.append(f"changed {one.name}")
    for name in wanted.keys() - seen:
        client.create_automation(wanted[name])
        done.append(f"created {name}")
    return sorted(done)


def _automation(name: str, what: str, trigger: EventTrigger, action: ActionTypes) -> AutomationCore:
    return AutomationCore(
        name=f"{PREFIX}{name}", description=what, enabled=True, trigger=trigger, actions=[action]
    )


def _tell(alert: UUID, rule: str, subject: str, text: str) -> RunDeployment:
    """Run the deployment that tells. In the text, what differs from run to run (names, messages)
    comes after the colon: the words before it are the reason, and the same reason is told once.
    """

    def template(text: str) -> dict[str, str]:
        return {"__prefect_kind": "jinja", "template": text}

    told = {"rule": rule, "subject": template(subject), "text": template(text)}
    return RunDeployment(source="selected", deployment_id=alert, parameters=told)


def _content(one: AutomationCore) -> object:
    """What counts of an automation. One that was switched off by hand in the browser stays off."""
    return one.model_dump(include={"name", "description", "trigger", "actions"})


def main() -> None:
    """Register the automations with the server of PREFECT_API_URL."""
    with get_client(sync_client=True) as client:
        done = register(client, load_settings().prefect)
    sys.stdout.write("\n".join(done or ["automations are as they were"]) + "\n")


if __name__ == "__main__":
    main()
