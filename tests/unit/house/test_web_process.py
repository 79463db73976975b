import subprocess
import sys

from tests.conftest import PROJECT

LOAD_ALL_VIEWS = """
import pkgutil, sys
import readerstudy.wsgi
from django.urls import get_resolver

def resolve(resolver):
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            resolve(pattern)
        else:
            assert callable(pattern.callback)

resolve(get_resolver())
for app in ("generation", "readerstudy", "evaluation"):
    for package in ("views", "services", "selectors", "tasks", "admin"):
        try:
            module = __import__(f"{app}.{package}", fromlist=["_"])
        except ModuleNotFoundError as error:
            assert error.name == f"{app}.{package}", error
            continue
        for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
            __import__(f"{module.__name__}.{found.name}")
print(sorted({"torch", "SimpleITK", "torchvision"} & set(sys.modules)))
"""


def test_web_process_imports_neither_torch_nor_simpleitk() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD_ALL_VIEWS],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
