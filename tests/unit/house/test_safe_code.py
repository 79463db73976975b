"""Nothing that turns data into code: no pickle, no eval, no shell, no HTML that nobody escaped, but for what is named here with its reason."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.conftest import PROJECT

MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "imp", "commands"}
BUILTINS = {"eval", "exec", "compile", "__import__", "SafeString", "SafeData"}
CALLS = {
    "torch.load", "torch.jit.load", "torch.package.PackageImporter", "yaml.load", "yaml.unsafe_load", "yaml.full_load",
    "os.system", "os.popen", "tempfile.mktemp", "mark_safe", "html_safe", "csrf_exempt",
    "xml.etree.ElementTree.parse", "ElementTree.parse", "minidom.parse",
}  # fmt: skip
METHODS = {"extractall", "raw", "extra"}  # unpack without looking; SQL that nobody quotes
LOADS = {"np.load", "numpy.load", "np.lib.format.read_array"}

# file: (what, why it may)
ALLOWED = {
    "evaluation/core/inception.py": {"torch.load": "of one known SHA-256, weights_only"},
    "evaluation/core/extractors.py": {"torch.load": "from an installed package, weights_only"},
    "evaluation/core/own_extractor.py": {
        "torch.jit.load": "OWN_EXTRACTOR, which only who sets the environment names"
    },
    "readerstudy/views/invitation_sheets.py": {"mark_safe": "squares of a QR code, drawn from numbers"},
    "evaluation/views/api/documents.py": {"csrf_exempt": "an address that does not exist"},
    "evaluation/api_urls.py": {"csrf_exempt": "opened by bearer tokens, never by a cookie"},
}
# Templates that print something unescaped, and who made it.
UNESCAPED = {
    "templates/reading/instructions.html": {"text"},  # Markdown, sanitised by an allow-list: core/markdown.py
    "templates/reading/consent.html": {"text"},
    "templates/evaluation/report.html": {
        "style",
        "picture.svg",
    },  # our own style sheet; drawn by matplotlib from numbers
}

SOURCES = sorted(
    path
    for folder in ("generation", "readerstudy", "evaluation", ".ci", "benchmarks")
    for path in (PROJECT / folder).rglob("*")
    if path.suffix == ".py" and "migrations" not in path.parts
)


def dotted(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
    return ""


def dangers(source: str) -> Iterator[str]:
    """What a module does that turns data into code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            )
            yield from (name for name in names if name.split(".")[0] in MODULES)
        if isinstance(node, ast.Name | ast.Attribute) and (name := dotted(node)) in CALLS:
            yield name
        if isinstance(node, ast.Call):
            yield from dangers_of_call(node)


def dangers_of_call(call: ast.Call) -> Iterator[str]:
    name = dotted(call.func)
    keywords = {one.arg: one.value for one in call.keywords}
    if name in BUILTINS:
        yield name
    if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS:
        yield f".{call.func.attr}"
    if name in LOADS and not is_constant(keywords.get("allow_pickle"), False):
        yield f"{name} without allow_pickle=False"
    if is_constant(keywords.get("allow_pickle"), True):
        yield "allow_pickle=True"
    if name == "torch.load" and not is_constant(keywords.get("weights_only"), True):
        yield "torch.load without weights_only=True"
    if "shell" in keywords and not is_constant(keywords["shell"], False):
        yield "shell="


def is_constant(node: ast.AST | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def test_there_is_code_to_look_at() -> None:
    assert len(SOURCES) > 200


def test_no_module_turns_data_into_code() -> None:
    wrong = {}
    for path in SOURCES:
        name = str(path.relative_to(PROJECT))
        if left := set(dangers(path.read_text())) - set(ALLOWED.get(name, {})):
            wrong[name] = left
    assert wrong == {}


def test_every_exception_is_still_needed() -> None:
    for name, allowed in ALLOWED.items():
        assert set(allowed) <= set(dangers((PROJECT / name).read_text())), name


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from pickle import loads", "import joblib", "eval(x)", "exec(x)", "torch.load(p, weights_only=False)",
        "np.load(p)", "np.load(p, allow_pickle=True)", "np.save(p, x, allow_pickle=True)", "subprocess.run(x, shell=True)",
        "yaml.load(x)", "os.system(x)", "mark_safe(x)", "archive.extractall(p)", "torch.jit.load(p)", "Model.objects.raw(x)",
        "call = mark_safe", "@csrf_exempt\ndef view(request): ...",
    ],
)  # fmt: skip
def test_each_danger_is_seen(source: str) -> None:
    assert list(dangers(source))


@pytest.mark.parametrize(
    "source", ["np.load(p, allow_pickle=False)", "network.eval()", "subprocess.run(x, shell=False)"]
)
def test_what_is_safe_is_let_alone(source: str) -> None:
    assert not list(dangers(source))


def test_templates_escape_what_they_print() -> None:
    found = {}
    for path in (PROJECT / "templates").rglob("*"):
        if path.suffix not in {".html", ".txt", ".svg", ".xml"}:
            continue
        text = path.read_text()
        unescaped = set(re.findall(r"\{\{\s*([\w.]+)\s*\|\s*safe(?:seq)?\b", text))
        is_mail_text = path.suffix == ".txt"  # e-mails as plain text have nothing to escape
        if "autoescape off" in text and not is_mail_text:
            unescaped.add("autoescape off")
        if unescaped:
            found[str(path.relative_to(PROJECT))] = unescaped
    assert found == UNESCAPED


def test_values_for_scripts_are_written_as_data() -> None:
    """`json_script` escapes; a value inside a script element would not be."""
    names_of_elements = PROJECT / "templates/mfa/webauthn/scripts.html"  # given by our own templates
    for path in {*(PROJECT / "templates").rglob("*.html")} - {names_of_elements}:
        for body in re.findall(r"<script[^>]*>(.*?)</script>", path.read_text(), re.DOTALL):
            assert "{{" not in body, path
