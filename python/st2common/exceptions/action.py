"""Exceptions about actions."""

from st2common.exceptions import StackStormBaseException

__all__ = ["InvalidActionReferenceException", "InvalidActionParameterException"]


class InvalidActionReferenceException(StackStormBaseException):
    """A text is not <pack>.<action>."""


class InvalidActionParameterException(StackStormBaseException):
    """A parameter of an action has a value that will not do."""
