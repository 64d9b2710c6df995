"""The place older packs import the base class from."""

from st2common.runners.base_action import Action

__all__ = ["Action"]
