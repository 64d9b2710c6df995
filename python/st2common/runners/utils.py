"""Helpers that some packs import directly."""

from stormtail_sdk.action_log import get_action_logger
from stormtail_sdk.load_action import make_action
from stormtail_sdk.pack_config import PackConfigDict

__all__ = ["get_logger_for_python_runner_action", "get_action_class_instance", "PackConfigDict"]


def get_logger_for_python_runner_action(action_name, log_level="debug"):
    return get_action_logger(action_name, log_level)


def get_action_class_instance(action_cls, config=None, action_service=None):
    return make_action(action_cls, config or {}, action_service)
