"""Logging as packs import it: the standard module's names, with loggers below `st2` and the level AUDIT."""

from logging import CRITICAL, DEBUG, ERROR, INFO, NOTSET, WARNING

from stormtail_sdk.action_log import AUDIT
from stormtail_sdk.action_log import get_logger as getLogger

__all__ = ["getLogger", "AUDIT", "CRITICAL", "DEBUG", "ERROR", "INFO", "NOTSET", "WARNING"]
