"""The command: help that teaches, exit codes that mean something, quick to start."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from oracul.cli.app import app

run = CliRunner().invoke

VERBS = ["demo", "run", "transform", "check", "detect", "alert", "alerts", "status", "sql", "dbt"]


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_each_verb_explains_it(verb):
    result = run(app, [verb, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_version_is_printed():
    assert run(app, ["--version"]).output.startswith("oracul 0.")


def test_unknown_verb_is_wrong_usage():
    assert run(app, ["ingets"]).exit_code == 2


def test_blocks_without_chain_is_wrong_usage():
    result = run(app, ["run", "--blocks", "1:2"])
    assert result.exit_code == 2
    assert "--chain" in result.output


def test_help_imports_no_heavy_library():
    heavy = [
        "prefect",
        "great_expectations",
        "statsmodels",
        "dbt",
        "web3",
        "clickhouse_connect",
        "apprise",
    ]
    code = (
        "import sys; from typer.testing import CliRunner; from oracul.cli.app import app;"
        "CliRunner().invoke(app, ['run', '--help']);"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_error_is_one_paragraph_with_exit_code_2(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "oracul.cli", "run", "--chain", "ethereum", "--blocks", "9:3"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Error: --blocks 9:3 holds no block")
    assert "Traceback" not in done.stderr
