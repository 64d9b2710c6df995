"""The client: one attribute for each kind of resource, such as client.keys and client.executions."""

import os

from st2client import models
from st2client.models.action import ExecutionManager
from st2client.models.core import ResourceManager
from st2client.models.keyvalue import KeyValuePairManager
from stormtail_sdk.rest import RestClient

__all__ = ["Client"]

DEFAULT_BASE_URL = "http://127.0.0.1"
DEFAULT_API_PORT = 9101
DEFAULT_API_VERSION = "v1"


class Client:
    """In an action it needs no arguments: the server's address and a token are in the environment. Failures are ApiError."""

    def __init__(
        self,
        base_url=None,
        auth_url=None,
        api_url=None,
        stream_url=None,
        api_version=None,
        cacert=None,
        debug=False,
        token=None,
        api_key=None,
        basic_auth=None,
    ):
        base_url = base_url or os.environ.get("ST2_BASE_URL") or DEFAULT_BASE_URL
        api_url = api_url or os.environ.get("ST2_API_URL")
        if not api_url:
            api_url = "%s:%s/%s" % (base_url, DEFAULT_API_PORT, api_version or DEFAULT_API_VERSION)
        self.endpoints = {"base": base_url, "api": api_url}
        self.token = token or os.environ.get("ST2_AUTH_TOKEN")
        self.api_key = api_key or os.environ.get("ST2_API_KEY")
        rest = RestClient(api_url, None if api_key else self.token, self.api_key, cacert)
        self.keys = KeyValuePairManager(rest, "/keys", models.KeyValuePair)
        self.executions = self.liveactions = ExecutionManager(rest, "/executions", models.Execution)
        self.actions = ResourceManager(rest, "/actions", models.Action)
        self.runners = ResourceManager(rest, "/runnertypes", models.RunnerType)
        self.actionaliases = ResourceManager(rest, "/actionalias", models.ActionAlias)
        self.packs = ResourceManager(rest, "/packs", models.Pack)
        self.rules = ResourceManager(rest, "/rules", models.Rule)
        self.sensors = ResourceManager(rest, "/sensortypes", models.Sensor)
        self.triggertypes = ResourceManager(rest, "/triggertypes", models.TriggerType)
        self.triggerinstances = ResourceManager(rest, "/triggerinstances", models.TriggerInstance)
        self.managers = {
            "Action": self.actions,
            "ActionAlias": self.actionaliases,
            "Execution": self.executions,
            "KeyValuePair": self.keys,
            "LiveAction": self.liveactions,
            "Pack": self.packs,
            "Rule": self.rules,
            "RunnerType": self.runners,
            "Sensor": self.sensors,
            "TriggerType": self.triggertypes,
            "TriggerInstance": self.triggerinstances,
        }
        self.rest = rest

    def get_user_info(self, **_):
        return self.rest.call("GET", "/user")
