"""The EBU's own schemas and description of the API, as tests/vectors/ograf keeps them (MIT, see LICENSE there)."""

import json
from typing import Any

import jsonschema_rs
import yaml

from tests.servers import ROOT

VECTORS = ROOT / "tests" / "vectors" / "ograf"
_SCHEMAS = {
    schema["$id"]: schema
    for schema in (json.loads(path.read_text()) for path in VECTORS.glob("json-schemas/**/*.json"))
}
MANIFEST = "https://ograf.ebu.io/v1/specification/json-schemas/graphics/schema.json"
OBJECT = "https://ograf.ebu.io/v1/specification/json-schemas/gdd/object.json"
# Where the description of the server's API has what the specification has taken over since.
_MOVED = {"https://superflytv.github.io/GraphicsDataDefinition/gdd-meta-schema/v1/lib/object.json": OBJECT}


def faults(document: Any, schema: str = MANIFEST) -> list[str]:
    """What the schema has against it."""
    registry = jsonschema_rs.Registry([*_SCHEMAS.items()], draft=jsonschema_rs.Draft202012)
    validator = jsonschema_rs.Draft202012Validator({"$ref": schema}, registry=registry)
    return [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(document)]


def description() -> dict[str, Any]:
    """The API's description, with what it refers to at other places written into it."""
    given = yaml.safe_load((VECTORS / "open-api" / "server-api.yaml").read_text())
    names = {schema_id: schema_id.partition("json-schemas/")[2].replace("/", "_") for schema_id in _SCHEMAS}

    def ours(reference: str) -> str:
        wanted = _MOVED.get(reference, reference)
        for schema_id, name in names.items():
            if wanted == schema_id or (wanted.startswith("../") and schema_id.endswith(wanted.removeprefix("../"))):
                return f"#/components/schemas/{name}"
        return reference

    def rewritten(node: Any) -> Any:
        if isinstance(node, dict):
            return {k: ours(v) if k == "$ref" else rewritten(v) for k, v in node.items() if k not in ("$id", "$schema")}
        return [rewritten(one) for one in node] if isinstance(node, list) else node

    found: dict[str, Any] = rewritten(given)
    for operation in (operation for path in found["paths"].values() for operation in path.values()):
        for status in (401, 403):  # the description leaves to each server who may do what
            operation["responses"][status] = operation["responses"][500]
    found["components"]["schemas"] |= {names[schema_id]: rewritten(schema) for schema_id, schema in _SCHEMAS.items()}
    return found


def not_filled_in(schema: dict[str, Any] | None) -> Any:
    """What a form says that nobody has touched, as SuperFly's says it, which controllers use: the default of each
    field, else what is nothing of its type.
    """
    if schema is None or schema["type"] == "object":
        return {name: not_filled_in(field) for name, field in (schema or {}).get("properties", {}).items()}
    nothing: Any = {"string": "", "number": 0, "integer": 0, "boolean": False, "array": []}[schema["type"]]
    return schema.get("default", nothing)
