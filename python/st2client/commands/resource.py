"""Exceptions that packs catch or raise."""

__all__ = ["ResourceNotFoundError"]


class ResourceNotFoundError(Exception):
    """There is no such resource."""
