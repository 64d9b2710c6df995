"""Where packs are, as packs ask for it."""

import os

from stormtail_sdk import pack_place

__all__ = [
    "get_aliases_base_paths",
    "get_pack_base_path",
    "get_pack_directory",
    "get_pack_file_abs_path",
    "get_pack_resource_file_abs_path",
    "get_packs_base_paths",
    "get_system_packs_base_path",
]

_resource_directories = {"action": "actions", "sensor": "sensors", "rule": "rules", "alias": "aliases", "policy": "policies"}


def get_packs_base_paths():
    return [pack_place.packs_directory()]


def get_system_packs_base_path():
    return pack_place.packs_directory()


def get_pack_base_path(pack_name, include_trailing_slash=False, **_):
    """None without a name. The pack need not be there."""
    if not pack_name:
        return None
    own = pack_place.pack_directory()
    path = own if os.path.basename(own) == pack_name else os.path.join(pack_place.packs_directory(), pack_name)
    return path + os.sep if include_trailing_slash else path


def get_pack_directory(pack_name):
    path = get_pack_base_path(pack_name)
    return path if path and os.path.isdir(path) else None


def get_pack_file_abs_path(pack_ref, file_path, **_):
    """Raises ValueError where it leads out of the pack."""
    base = get_pack_base_path(pack_ref)
    if not base:
        raise ValueError("a pack has to be named")
    path = os.path.normpath(os.path.join(base, file_path))
    if os.path.commonpath([base, path]) != base:
        raise ValueError('file path "%s" leads out of pack "%s"' % (file_path, pack_ref))
    return path


def get_pack_resource_file_abs_path(pack_ref, resource_type, file_path):
    if resource_type not in _resource_directories:
        raise ValueError("Invalid resource type: %s" % resource_type)
    return get_pack_file_abs_path(pack_ref, os.path.join(_resource_directories[resource_type], file_path))


def get_aliases_base_paths():
    return []
