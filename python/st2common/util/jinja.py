"""Rendering Jinja templates, for packs that have jinja2 among their requirements."""

import json
import re

__all__ = [
    "convert_jinja_to_raw_block",
    "get_jinja_environment",
    "is_jinja_expression",
    "render_values",
]

_expression = re.compile(r"({{.*?}}|{%.*?%})", re.DOTALL)


def get_jinja_environment(allow_undefined=False, trim_blocks=True, lstrip_blocks=True):
    try:
        import jinja2
    except ImportError as error:
        raise ImportError("rendering needs jinja2: add it to the pack's requirements.txt") from error
    environment = jinja2.Environment(
        undefined=jinja2.Undefined if allow_undefined else jinja2.StrictUndefined,
        trim_blocks=trim_blocks,
        lstrip_blocks=lstrip_blocks,
    )
    environment.filters["to_json_string"] = lambda value, indent=None: json.dumps(value, indent=indent)
    environment.filters["from_json_string"] = json.loads
    environment.tests["in"] = lambda item, values: item in values
    return environment


def render_values(mapping=None, context=None, allow_undefined=False):
    """The mapping with every template in it rendered. Lists and dictionaries are rendered as the JSON they are."""
    if not mapping or not context:
        return mapping
    environment = get_jinja_environment(allow_undefined)
    return {name: rendered(environment, value, context) for name, value in mapping.items()}


def rendered(environment, value, context):
    if not is_jinja_expression(value):
        return value
    if isinstance(value, str):
        return environment.from_string(value).render(context)
    text = environment.from_string(json.dumps(value)).render(context)
    return json.loads(text)


def is_jinja_expression(value):
    """Whether there is a template in it, at any depth."""
    if isinstance(value, str):
        return _expression.search(value) is not None
    if isinstance(value, dict):
        return any(is_jinja_expression(item) for pair in value.items() for item in pair)
    return isinstance(value, (list, tuple)) and any(is_jinja_expression(item) for item in value)


def convert_jinja_to_raw_block(value):
    """So that it is left as it is by whoever renders it."""
    if isinstance(value, dict):
        return {key: convert_jinja_to_raw_block(item) for key, item in value.items()}
    if isinstance(value, list):
        return [convert_jinja_to_raw_block(item) for item in value]
    return "{% raw %}" + value + "{% endraw %}" if isinstance(value, str) and _expression.search(value) else value
