"""Finds the class in an action's file, and makes an instance of it whatever its constructor takes."""

import importlib.util
import inspect
import os
import sys


def load_action_class(file_path, class_name=None):
    """The class named, else the first by name of the classes defined in the file that have a run method."""
    if not os.path.isfile(file_path):
        raise FileNotFoundError("the action's file %s does not exist" % file_path)
    module = load_module(file_path)
    if class_name:
        if not hasattr(module, class_name):
            raise AttributeError('file "%s" has no class %s' % (file_path, class_name))
        return getattr(module, class_name)
    # What getmembers and isabstract of `inspect` would do takes longer than all the rest of a small action.
    for _, candidate in sorted(vars(module).items()):
        if isinstance(candidate, type) and candidate.__module__ == module.__name__ and is_action(candidate):
            return candidate
    raise ImportError('file "%s" has no action class: a class defined in it, with a method run' % file_path)


def is_action(candidate):
    return callable(getattr(candidate, "run", None)) and not candidate.__flags__ & inspect.TPFLAGS_IS_ABSTRACT


def load_module(file_path):
    name = os.path.splitext(os.path.basename(file_path))[0]
    if name in sys.modules or name in getattr(sys, "builtin_module_names", ()):
        name = "stormtail_action_" + name  # the action is called like a library that somebody else may import
    spec = importlib.util.spec_from_file_location(name, file_path)
    if spec is None or spec.loader is None:
        raise ImportError("the action's file %s is not Python (.py)" % file_path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def make_action(action_class, config, action_service):
    """Constructors take (config, action_service), (config), anything, or nothing; the service is set in any case."""
    try:
        action = action_class(**known_arguments(action_class, config, action_service))
    except TypeError as error:
        # One that takes anything and hands it to an older base class which does not.
        if "unexpected keyword argument 'action_service'" not in str(error):
            raise
        action = action_class(config=config)
    action.action_service = action_service
    return action


def is_base_constructor(action_class):
    """Known without `inspect`, which is slow."""
    base = sys.modules.get("st2common.runners.base_action")
    constructor = getattr(getattr(base, "Action", None), "__init__", None)
    return constructor is not None and action_class.__init__ is constructor and action_class.__new__ is object.__new__


def known_arguments(action_class, config, action_service):
    given = {"config": config, "action_service": action_service}
    if is_base_constructor(action_class):
        return given
    try:
        parameters = inspect.signature(action_class).parameters
    except (TypeError, ValueError):
        return given  # written in C: nothing can be known beforehand
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return given
    return {name: value for name, value in given.items() if name in parameters}
