"""Everything that packs import from here by name."""

from st2client.models.action import Action, ActionExecution, Execution, LiveAction, RunnerType
from st2client.models.core import Resource, ResourceManager
from st2client.models.keyvalue import KeyValuePair


class ActionAlias(Resource):
    """A command of the chat."""


class Pack(Resource):
    """An installed pack."""


class Rule(Resource):
    """What is done on a trigger."""


class Sensor(Resource):
    """What emits triggers."""


class Trigger(Resource):
    """A trigger type with its parameters."""


class TriggerType(Resource):
    """A kind of event."""


class TriggerInstance(Resource):
    """An event that happened."""


__all__ = [
    "Action",
    "ActionAlias",
    "ActionExecution",
    "Execution",
    "KeyValuePair",
    "LiveAction",
    "Pack",
    "Resource",
    "ResourceManager",
    "Rule",
    "RunnerType",
    "Sensor",
    "Trigger",
    "TriggerInstance",
    "TriggerType",
]
