"""The base class of Python actions."""

import abc

from stormtail_sdk.action_log import get_action_logger
from stormtail_sdk.pack_config import PackConfigDict

__all__ = ["Action"]


class Action(abc.ABC):
    """An action is a class with a method run(**parameters). It returns a result, or (True or False, result)."""

    description = None

    def __init__(self, config=None, action_service=None):
        pack = getattr(action_service, "pack", "unknown")
        log_level = getattr(action_service, "log_level", "debug")
        self.config = PackConfigDict(pack, config or {})
        self.action_service = action_service
        self.logger = get_action_logger(type(self).__name__, log_level)

    @abc.abstractmethod
    def run(self, **kwargs):
        """Does the work. The action's parameters are keyword arguments."""
