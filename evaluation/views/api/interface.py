"""The JSON interface, put together from the parts of the three apps."""

from functools import cache
from typing import Any, Final

from ninja import NinjaAPI
from ninja.operation import Operation

import readerstudy
from evaluation.views.api import exports, metric_runs, results
from generation.views.api import cohorts, looks, patch_sets, training_runs
from readerstudy import access_table
from readerstudy.views.api import pools, readers, refusals, studies
from readerstudy.views.api.door import NAMESPACE, Bearer

ROOT: Final = "/api/v1"
ROUTERS: Final = (
    cohorts.router,
    looks.router,
    patch_sets.router,
    training_runs.router,
    pools.router,
    studies.router,
    readers.router,
    results.router,
    exports.router,
    metric_runs.router,
)
_ABOUT: Final = (
    "What the pages of the desk do, for scripts. Send a token with each request, as in “Authorization: Bearer rst_…”; "
    "it acts for its account with exactly its rights. Long work is queued: follow its job until it is finished. "
    "A refusal is one sentence: {“error”: “…”}."
)


class Interface(NinjaAPI):
    """Operations are named after their functions, as are their rows in the table of routes."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


def _rule_names() -> dict[tuple[str, str], str]:
    """(name that an address is resolved to, method) -> name of the operation."""
    return {
        (view.operations[0].view_func.__name__, method): operation.view_func.__name__
        for router in ROUTERS
        for view in router.path_operations.values()
        for operation in view.operations
        for method in operation.methods
    }


interface: Final = Interface(
    title="Reader Study",
    version=readerstudy.__version__,
    description=_ABOUT,
    openapi_url=None,
    docs_url=None,
    urls_namespace=NAMESPACE,
    auth=Bearer(_rule_names()),
)
refusals.install(interface)
for _router in ROUTERS:
    interface.add_router("", _router)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, with who may do what beside each operation."""
    found: dict[str, Any] = interface.get_openapi_schema(path_prefix=f"{ROOT}/")
    for operations in found["paths"].values():
        for method, operation in operations.items():
            rule = access_table.rule_of(NAMESPACE, f"{NAMESPACE}:{operation['operationId']}")
            who = rule.who if rule else "nobody"
            writes = "" if method == "get" else "; the token has to be one that may change things"
            said = operation.get("description", "")
            operation["description"] = f"{said}\n\nFor: {who}{writes}.".strip()
    return found
