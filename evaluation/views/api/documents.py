"""The OpenAPI document, and a page that shows it to people without any other host."""

import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_safe

from evaluation.views.api.interface import ROOT, document
from readerstudy.views.api.refusals import NOT_THERE

_NO_BODY: dict[str, Any] = {}


@login_not_required
@require_safe
def openapi_json(request: HttpRequest) -> JsonResponse:
    """The OpenAPI 3.1 document; it holds nothing of this instance."""
    return JsonResponse(document(), json_dumps_params={"indent": 1}, headers={"Cache-Control": "no-cache"})


@require_GET
def reference(request: HttpRequest) -> HttpResponse:
    """Every address of the interface, as a page."""
    found = document()
    schemas = found["components"]["schemas"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append(_shown(path, method, operation, schemas))
    context = {
        "groups": groups,
        "root": request.build_absolute_uri(ROOT),
        "version": found["info"]["version"],
    }
    return render(request, "evaluation/api.html", context)


@csrf_exempt
@login_not_required
def not_there(request: HttpRequest, rest: str = "") -> JsonResponse:
    """Any other address below the interface."""
    return JsonResponse({"error": NOT_THERE}, status=404)


def _shown(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """One operation as the page shows it."""
    about, _, who = operation["description"].rpartition("For: ")
    done = next((status, one) for status, one in operation["responses"].items() if int(status) < 300)
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path.removeprefix(ROOT),
        "title": operation["summary"],
        "about": about.strip(),
        "who": who.rstrip("."),
        "parameters": [
            _field(one["name"], one["schema"], one.get("required", False), schemas)
            for one in operation.get("parameters", [])
        ],
        "body": _fields(_content(operation.get("requestBody", _NO_BODY)), schemas),
        "status": str(done[0]),
        "answer": [
            {**one, "is_required": False} for one in _fields(_content(done[1]), schemas)
        ],  # an answer has all its fields
    }


def _content(part: dict[str, Any]) -> dict[str, Any]:
    """Schema of the JSON in a body or an answer."""
    schema: dict[str, Any] = part.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """Fields of an object, by name."""
    schema = _resolved(schema, schemas)
    required = schema.get("required", [])
    return [
        _field(name, one, name in required, schemas) for name, one in schema.get("properties", {}).items()
    ]


def _field(name: str, schema: dict[str, Any], required: bool, schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "kind": _kind(schema, schemas),
        "is_required": required,
        "about": schema.get("description", ""),
    }


def _kind(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """What a value may be, in a few words."""
    if "$ref" in schema:
        target = _resolved(schema, schemas)
        names = ", ".join(target.get("properties", {}))
        return f"object with {names}" if names else str(target.get("type", "object"))
    if "anyOf" in schema:
        return " or ".join(_kind(one, schemas) for one in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(json.dumps(one) for one in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    kind = str(schema.get("type", "any value"))
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}), schemas)}"
    bounds = [words.format(schema[key]) for key, words in _BOUNDS.items() if key in schema]
    return ", ".join([_WORDS.get(schema.get("format", ""), kind), *bounds])


_BOUNDS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "exclusiveMaximum": "below {}",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} items",
}
_WORDS = {"date-time": "time, ISO 8601", "binary": "bytes"}


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference into the list of schemas."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found: dict[str, Any] = schemas[name] if name else schema
    return found
