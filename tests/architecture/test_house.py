"""The house holds: sizes, names and places that a linter does not know."""

import re
import subprocess

import pytest

from oracul.chains import PROJECT_ROOT

PYTHON_ROOMS = ("oracul", "extractors", "flows", "expectations", "benchmarks", "tests")
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base", "manager", "scripts", "core"}


def tracked(pattern):
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [PROJECT_ROOT / name for name in done.stdout.split("\n") if name]


def existing(pattern):
    return [path for path in tracked(pattern) if path.is_file()]


def test_no_python_file_is_longer_than_400_lines():
    assert [
        str(p.relative_to(PROJECT_ROOT))
        for p in existing("*.py")
        if len(p.read_text().splitlines()) > 400
    ] == []


def test_no_module_has_a_junk_room_name():
    assert [
        str(p)
        for p in existing("*.py")
        if p.stem in FORBIDDEN_NAMES or p.parent.name in FORBIDDEN_NAMES
    ] == []


@pytest.mark.parametrize(
    "pattern", ["*.py", "*.sql", "*.yml", "*.yaml", "*.md", "*.toml", "Makefile"]
)
def test_no_file_names_a_path_of_one_machine(pattern):
    own_path = re.compile(r"(^|[^\w.\-])/(work|root|home/\w+)/")
    found = [
        f"{path.relative_to(PROJECT_ROOT)}:{number}"
        for path in existing(pattern)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if own_path.search(line) and "own_path" not in line
    ]
    assert found == []


def test_every_package_module_has_a_docstring():
    import ast

    bare = [
        str(path.relative_to(PROJECT_ROOT))
        for room in PYTHON_ROOMS[:4]
        for path in existing(f"{room}/**.py")
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert bare == []


def test_tracked_files_are_small():
    assert [str(p) for p in existing("*") if p.stat().st_size > 3_000_000] == []


def test_readme_is_at_most_150_lines():
    assert len((PROJECT_ROOT / "README.md").read_text().splitlines()) <= 150


def test_every_link_of_the_documentation_leads_somewhere():
    link = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
    broken = [
        f"{page.relative_to(PROJECT_ROOT)} -> {target}"
        for page in existing("*.md")
        for target in link.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_deployment_points_to_a_flow():
    import ast

    import yaml

    config = yaml.safe_load((PROJECT_ROOT / "prefect.yaml").read_text())
    for deployment in config["deployments"]:
        file, _, name = deployment["entrypoint"].partition(":")
        tree = ast.parse((PROJECT_ROOT / file).read_text())
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in functions, deployment["name"]


def test_every_alert_has_a_runbook():
    from oracul.alerts.rules import RULES

    pages = {page.stem for page in (PROJECT_ROOT / "docs" / "runbooks").glob("*.md")}
    assert {rule.replace("_", "-") for rule in RULES} <= pages


def test_runbook_of_an_alert_says_the_same_five_things():
    from oracul.alerts.rules import RULES

    for rule in RULES:
        page = PROJECT_ROOT / "docs" / "runbooks" / f"{rule.replace('_', '-')}.md"
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {rule}\n")
        parts = re.findall(r"^\*\*(\w+)\.\*\*", text, re.M)
        assert parts == ["Symptom", "Check", "Fix", "Prove", "Prevent"], rule


def test_view_of_the_pipeline_reads_no_mart():
    """While the main job builds them, `ref` of a mart is the one that waits for its checks."""
    folder = PROJECT_ROOT / "dbt_project" / "models" / "marts"
    views = {path.stem: path.read_text() for path in (folder / "quality").glob("*.sql")}
    marts = {path.stem for path in folder.rglob("*.sql")} - views.keys()
    for name, text in views.items():
        read = set(re.findall(r"ref\('(\w+)'\)", text))
        assert not read & marts, name
