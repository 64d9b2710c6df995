"""From what run() returned to what can be handed over: a status, and a result that JSON can hold."""

import datetime
import enum
import math
import sys

BAD_STATUS_HINT = (
    "A two-tuple is read as (status, result). To return a pair as the result, return a list, or (True, (first, second))."
)


def answer_of(returned):
    """The answer and None, or None and what is wrong. A two-tuple is a status and a result; a list is just a list."""
    status, result = None, returned
    if isinstance(returned, tuple) and len(returned) == 2:
        status, result = returned
    if status is not None and not isinstance(status, bool):
        # The last line is what the execution shows as its error.
        problem = "Status returned from the action run() method must either be True or False, got: %s" % (status,)
        return None, "%s\n%s" % (BAD_STATUS_HINT, problem)
    return {"result": jsonable(result), "status": status}, None


def jsonable(value):
    """The value as JSON holds it; where something in it has no JSON form, the text of all of it."""
    try:
        return convert(value)
    except (TypeError, RecursionError):
        return str(value)


def convert(value):
    if isinstance(value, enum.Enum):
        return convert(value.value)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key_text(key): convert(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [convert(item) for item in value]
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if is_uuid(value):
        return str(value)
    if hasattr(type(value), "__dataclass_fields__"):
        return {name: convert(getattr(value, name)) for name in type(value).__dataclass_fields__}
    raise TypeError("%s has no JSON form" % type(value).__name__)


def key_text(key):
    """Keys as Python's json writes them, and dates and UUIDs as text; anything else has no JSON form."""
    if isinstance(key, str):
        return key
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, (int, float)) or is_uuid(key):
        return str(key)
    if isinstance(key, datetime.date):
        return key.isoformat()
    raise TypeError("a key of type %s has no JSON form" % type(key).__name__)


def is_uuid(value):
    """Without importing uuid for actions that never did."""
    module = sys.modules.get("uuid")
    return module is not None and isinstance(value, module.UUID)
