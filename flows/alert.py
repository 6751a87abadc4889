"""Flow that tells people what is wrong or unusual."""

from typing import Annotated, Literal

from prefect import flow
from prefect.client.schemas.objects import State

from flows.form import may_be_empty, told
from flows.tasks import run_as_tasks, run_name
from flows.trouble import Kind, tell_of_trouble, trouble_is_over

Rule = Annotated[
    Literal["run_crashed", "run_late", "no_worker"] | None,
    may_be_empty("What the scheduler saw. Empty: nothing, only tell what is known.",
                 type="string", enum=["run_crashed", "run_late", "no_worker"]),
]  # fmt: skip
Subject = Annotated[str, told("Name of the deployment or work pool that it is about.")]
Text = Annotated[str, told("What happened, in one sentence.")]


@flow(name="alert", flow_run_name=run_name)
def alert(rule: Rule = None, subject: Subject = "", text: Text = "") -> State[None]:
    """Tell people what they were not told yet; automations say what they saw (flows.automations).

    A deployment's trouble is over when a run of it ends. That no worker was there is told by a run
    on a worker, so that it is over by then.
    """
    kind: Kind = "work pool" if rule == "no_worker" else "flow"
    if rule is not None:
        tell_of_trouble(kind, subject or "(unknown)", text or rule)
    ended = run_as_tasks(["alert"])
    if rule == "no_worker":
        trouble_is_over(kind, subject or "(unknown)")
    return ended
