"""What a model must keep to, told with what to do: `oracul dbt lint`.

Runs dbt's parser, sqlfluff and dbt-bouncer, which are installed for developers only; dbt-bouncer's
own table has no room for its reasons.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from oracul.chains import DBT_PROJECT_DIR
from oracul.errors import ConfigError

RULES = DBT_PROJECT_DIR / "dbt-bouncer.yml"
GRAIN = re.compile(r"-- grain: \S")
# dbt-bouncer leaves with 1 when a check failed, and with more when it could not run.
_FAILED = 1


def lint(names: Sequence[str] = (), *, fix: bool = False) -> bool:
    """Check models, all when none is named, and print what is wrong; True when nothing is.

    With `fix` sqlfluff first mends the layout that it can. Raises ConfigError for a name of no
    model, and when a linter is not installed or could not run.
    """
    paths = _paths(names)
    parsed = _run("dbt", "parse", "--quiet", "--profiles-dir", ".")
    if parsed.returncode:
        sys.stdout.write(
            f"{parsed.stdout}{parsed.stderr}The dbt project does not parse; mend that first.\n"
        )
        return False
    laid_out = _run(
        "sqlfluff", "fix" if fix else "lint", "--processes", "2", *(paths or ["models"])
    )
    if laid_out.returncode:
        sys.stdout.write(laid_out.stdout)
        sys.stdout.write("`oracul dbt lint --fix` mends most of the layout.\n")
    told = {path: [*_grain(path)] for path in paths or _paths(["*"])}
    for path, advice in _kept_to_the_rules():
        if path in told or not paths:
            told.setdefault(path, []).append(advice)
    for path, advices in told.items():
        if advices:
            sys.stdout.write("\n".join([path, *advices, ""]))
    return not laid_out.returncode and not any(told.values())


def advices(
    failures: Sequence[dict[str, Any]], rules: Sequence[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Failed checks of dbt-bouncer as (file, what is wrong and what to do).

    `rules` are its checks in the order of its configuration, each described by what to do.
    """
    for failure in failures:
        # `check_model_names:2:token_turnover`: the third check of the configuration.
        rule = rules[int(failure["check_run_id"].split(":")[1])]
        what = failure["failure_message"].removeprefix(f"{rule['description']} - ")
        yield (
            failure["file_path"] or failure["unique_id"],
            f"    {what.removesuffix('.')}.\n      → {rule['description']}",
        )


def _kept_to_the_rules() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "failures.json"
        done = _run("dbt-bouncer", "--output-file", str(written), "--output-only-failures")
        if done.returncode > _FAILED or not written.is_file():
            raise ConfigError(f"dbt-bouncer could not run: {done.stdout[-2000:]}{done.stderr}")
        failures = json.loads(written.read_text(encoding="utf-8"))
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))["manifest_checks"]
    return advices(failures, rules)


def _paths(names: Sequence[str]) -> list[str]:
    """Files of models by name, as dbt writes them."""
    found = []
    for name in names:
        files = sorted(DBT_PROJECT_DIR.glob(f"models/**/{name.removesuffix('.sql')}.sql"))
        if not files:
            raise ConfigError(f"There is no model {name}.", hint="Say the name of its .sql file.")
        found += [file.relative_to(DBT_PROJECT_DIR).as_posix() for file in files]
    return found


def _grain(path: str) -> Iterator[str]:
    if not GRAIN.match((DBT_PROJECT_DIR / path).read_text(encoding="utf-8")):
        yield (
            "    The first line does not say what a row is.\n"
            "      → Begin with a comment, as in `-- grain: one token and UTC day with a transfer`."
        )


def _run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A linter of this environment, in the folder of the models."""
    command = Path(sys.executable).with_name(program)
    if not command.is_file():
        raise ConfigError(
            f"{program} is not installed here.", hint="`make lint` installs what developers need."
        )
    return subprocess.run(  # noqa: S603 - a program of this environment, words of ours
        [str(command), *words],
        cwd=DBT_PROJECT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
