"""The rules of the layout: imports point one way, the pure stays pure, each library has its place, files stay small."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted([*ROOT.glob("ticker/**/*.py"), *ROOT.glob("workers/**/*.py")])
LONGEST_FILE = 400  # lines: beyond that it is two nouns
LONGEST_FUNCTION = 50  # lines, without its docstring

PURE = {
    "ticker.board", "ticker.bundle", "ticker.candidate", "ticker.channel", "ticker.clock",
    "ticker.desk.chain", "ticker.desk.door", "ticker.desk.export", "ticker.desk.group", "ticker.desk.likeness",
    "ticker.desk.once", "ticker.desk.place", "ticker.desk.preflight", "ticker.desk.tally",
    "ticker.errors", "ticker.events", "ticker.fanout.changes", "ticker.fanout.counts", "ticker.fanout.deflate",
    "ticker.fanout.fanout",
    "ticker.fanout.handshake", "ticker.fanout.memo", "ticker.fanout.subscriber", "ticker.fanout.subscription",
    "ticker.filter", "ticker.headline", "ticker.histogram", "ticker.instant", "ticker.life",
    "ticker.most_read.counting", "ticker.most_read.networks", "ticker.most_read.ranking", "ticker.most_read.reader",
    "ticker.most_read.related", "ticker.most_read.robots", "ticker.most_read.scope", "ticker.most_read.story",
    "ticker.onair",
    "ticker.onair.as_run",
    "ticker.onair.control",
    "ticker.onair.document",
    "ticker.onair.fitness",
    "ticker.onair.font",
    "ticker.onair.manifest",
    "ticker.onair.mos",
    "ticker.onair.output",
    "ticker.onair.package",
    "ticker.onair.playlist",
    "ticker.onair.renderer",
    "ticker.onair.report",
    "ticker.onair.rotation",
    "ticker.onair.shapes",
    "ticker.onair.takeover",
    "ticker.onair.target",
    "ticker.onair.watch",
    "ticker.order", "ticker.origin", "ticker.people.lockout", "ticker.position", "ticker.protocol", "ticker.seen",
    "ticker.syndication", "ticker.text", "ticker.times", "ticker.tombstone", "ticker.urgency",
    "ticker.writer", "workers.identity",
    "workers.match", "workers.open_graph", "workers.mos.answer", "workers.mos.command", "workers.mos.message",
    "workers.mos.running_order", "workers.mos.schema", "workers.sources", "workers.sources.charset", "workers.onair",
    "workers.onair.adapter", "workers.onair.amcp", "workers.onair.flip", "workers.onair.words",
    "workers.sources.entry", "workers.sources.feed", "workers.sources.jsonfeed", "workers.sources.mend",
    "workers.sources.tree",
}  # fmt: skip
IMPURE = {"asyncio", "time", "random", "secrets", "redis", "starlette", "uvicorn", "aiohttp", "socket", "subprocess"}

# Each library that does something to the world, and the only modules that may use it.
PLACES = {
    "redis": {"ticker.store"},
    "starlette": {
        "ticker.api", "ticker.app", "ticker.cors", "ticker.desk.api", "ticker.desk.audit_api", "ticker.desk.check",
        "ticker.desk.editions_api", "ticker.desk.page", "ticker.fanout.poll", "ticker.fanout.sse",
        "ticker.fanout.websocket", "ticker.feeds", "ticker.health", "ticker.most_read.api", "ticker.onair.api",
        "ticker.onair.feeds", "ticker.onair.gallery", "ticker.onair.nodecg", "ticker.onair.ograf",
        "ticker.onair.ograf_api", "ticker.onair.page",
        "ticker.openapi", "ticker.pages", "ticker.people.cookies", "ticker.people.forms", "ticker.people.sign_in",
        "ticker.people.staff", "ticker.requests", "ticker.templates", "ticker.widget", "ticker.writers",
    },
    "uvicorn": {"ticker.serve", "ticker.server", "ticker.fanout.transport"},
    "apscheduler": {"workers.scheduler"},
    "aiohttp": {"workers.fetch", "workers.demo", "workers.onair.peer"},
    "urllib.request": {"ticker.client"},
    "prometheus_client": {"ticker.metrics"},
    "brotli": {"ticker.versions"},
    "minify": {"ticker.bundle"},
    "fontTools": {"ticker.onair.font"},
    "uharfbuzz": {"ticker.onair.font"},
    "argon2": {"ticker.people.password"},
    "itsdangerous": {"ticker.people.seal"},
    "jinja2": {"ticker.templates"},
    "authlib": {"ticker.people.oidc"},
    "joserfc": {"ticker.people.oidc"},
    "httpx2": {"ticker.people.oidc"},
}  # fmt: skip

FORBIDDEN_NAMES = {"utils", "helpers", "base", "core", "common", "misc", "models", "services"}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


TREES = {module_of(path): ast.parse(path.read_text()) for path in FILES}


def imports(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            found |= {f"{module}.{alias.name}" if f"{module}.{alias.name}" in TREES else module for alias in node.names}
    return found


GRAPH = {module: imports(tree) for module, tree in TREES.items()}


def uses(module: str, library: str) -> bool:
    return any(name == library or name.startswith(library + ".") for name in GRAPH[module])


def test_the_library_never_imports_the_workers() -> None:
    assert not [m for m in GRAPH if m.startswith("ticker") and uses(m, "workers")]


def test_only_the_web_process_imports_what_answers_requests() -> None:
    others = [module for module in GRAPH if module.startswith(("workers", "ticker.cli"))]
    assert not [(m, one) for m in others for one in GRAPH[m] & set(GRAPH) if uses(one, "starlette")]


def test_no_cycle() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join([*path[path.index(module) :], module])
        if module not in done:
            for imported in GRAPH[module] & set(GRAPH):
                visit(imported, (*path, module))
            done.add(module)

    for module in GRAPH:
        visit(module, ())


@pytest.mark.parametrize("module", sorted(GRAPH))
def test_no_import_inside_a_function(module: str) -> None:
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            assert not inner, f"{node.name}, line {node.lineno}"


@pytest.mark.parametrize("module", sorted(PURE))
def test_the_pure_stays_pure(module: str) -> None:
    assert not {library for library in IMPURE if uses(module, library)}
    impure_of_ours = {m for m in GRAPH[module] if m in GRAPH and m not in PURE}
    assert not impure_of_ours


@pytest.mark.parametrize("library", sorted(PLACES))
def test_each_library_has_its_place(library: str) -> None:
    assert {module for module in GRAPH if uses(module, library)} <= PLACES[library]


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_files_and_functions_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert path.stem not in FORBIDDEN_NAMES
    for node in ast.walk(TREES[module_of(path)]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = ((node.end_lineno or 0) - body[0].lineno + 1) if body else 0
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


def test_names_lead_to_tests() -> None:
    """What lies in `x.py` is tested in `test_x.py`; in `folder/x.py`, also in `test_folder_x.py`."""
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}
    for path in FILES:
        plain = path.stem in PLAIN or path.stem.startswith("__") or path.parent.name == "cli"
        assert plain or {path.stem, f"{path.parent.name}_{path.stem}"} & tested, path


PLAIN = {"urgency", "errors", "logs", "client", "adapter"}  # nothing but values, or tested through what uses it
