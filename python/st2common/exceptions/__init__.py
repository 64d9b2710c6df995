"""Exceptions that packs catch or raise."""


class StackStormBaseException(Exception):
    """The root of them all."""


class StackStormPluginException(StackStormBaseException):
    """Something about the code of a pack."""
