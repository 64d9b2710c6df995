"""Settings by name, `cfg.CONF.system.base_path`: those of the server that an action may know, and what is registered here."""

import os

from stormtail_sdk import pack_place

__all__ = ["CONF", "ConfigOpts", "NoSuchOptError", "OptGroup", "Opt"]


class NoSuchOptError(AttributeError):
    """There is no such setting, or an action has no business with it."""


class Opt:
    def __init__(self, name, default=None, **_):
        self.name = name
        self.dest = name.replace("-", "_")
        self.default = default


StrOpt = BoolOpt = IntOpt = FloatOpt = ListOpt = DictOpt = PortOpt = HostAddressOpt = URIOpt = Opt


class OptGroup:
    def __init__(self, name, title=None, help=None):
        self.name = name


class Group:
    def __init__(self, name, values=None):
        self._name = name
        self._values = dict(values or {})

    def __getattr__(self, name):
        try:
            return self._values[name]
        except KeyError:
            raise NoSuchOptError("setting %s.%s is not known to actions" % (self._name, name)) from None

    def __contains__(self, name):
        return name in self._values


class ConfigOpts:
    """Calling it, to read files and arguments, changes nothing: an action is told what it may know."""

    def __init__(self):
        self._groups = {}

    def __call__(self, *_, **__):
        return self

    def register_opts(self, opts, group=None):
        for opt in opts:
            self.register_opt(opt, group)

    register_cli_opts = register_opts

    def register_opt(self, opt, group=None):
        name = getattr(group, "name", group)
        values = self._group(name)._values if name else self.__dict__
        values.setdefault(opt.dest, opt.default)

    register_cli_opt = register_opt

    def register_group(self, group):
        self._group(group.name)

    def set_override(self, name, override, group=None):
        (self._group(group)._values if group else self.__dict__)[name] = override

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._groups and name not in known():
            raise NoSuchOptError("there is no setting or group %s that actions know" % name)
        return self._group(name)

    def _group(self, name):
        if name not in self._groups:
            self._groups[name] = Group(name, known().get(name))
        return self._groups[name]


def known():
    packs = pack_place.packs_directory()
    return {
        "system": {"base_path": os.path.dirname(packs)},
        "content": {"packs_base_paths": packs, "system_packs_base_path": packs},
        "auth": {"api_url": os.environ.get("ST2_ACTION_API_URL")},
        "system_user": {"user": "stanley"},
    }


CONF = ConfigOpts()
