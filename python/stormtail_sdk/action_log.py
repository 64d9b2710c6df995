"""Loggers of actions. They write to standard error, so that standard output is the action's own."""

import logging
import sys

AUDIT = logging.CRITICAL + 10
FORMAT = "%(name)-12s: %(levelname)-8s %(message)s"

logging.addLevelName(AUDIT, "AUDIT")

_made = {}


def level_number(name):
    """DEBUG for what is no level."""
    number = logging.getLevelName(str(name).upper())
    return number if isinstance(number, int) else logging.DEBUG


def get_logger(name):
    """A logger called st2.<name>, with an audit method."""
    full_name = name if name == "st2" or name.startswith("st2.") else "st2." + name
    logger = logging.getLogger(full_name)
    if not hasattr(logger, "audit"):
        logger.audit = lambda message, *args, **kwargs: logger.log(AUDIT, message, *args, **kwargs)
    return logger


def get_action_logger(action_name, log_level="debug"):
    """One logger for each class and level, however often it is asked for."""
    key = "%s-%s" % (action_name, str(log_level).lower())
    if key not in _made:
        logger = get_logger("actions.python." + action_name)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(FORMAT))
        logger.handlers[:] = [handler]
        logger.setLevel(level_number(log_level))
        _made[key] = logger
    return _made[key]
