"""Where the pack of the running action is, and with it the others."""

import os

_actions = None


def note(file_path):
    """The pack is where the directory `actions` is that holds the file."""
    global _actions
    path = os.path.dirname(os.path.abspath(file_path))
    while os.path.basename(path) != "actions" and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    _actions = path if os.path.basename(path) == "actions" else None


def pack_directory():
    """Outside an action it is the current directory."""
    return os.path.dirname(_actions) if _actions else os.getcwd()


def packs_directory():
    return os.path.dirname(pack_directory())
