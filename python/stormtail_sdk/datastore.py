"""The datastore, as actions use it: keys of their own pack and class, or of everybody."""

import os
import urllib.parse

from stormtail_sdk.api_error import ApiError

SYSTEM_SCOPE = "st2kv.system"
USER_SCOPE = "st2kv.user"

_scopes = {"system": SYSTEM_SCOPE, SYSTEM_SCOPE: SYSTEM_SCOPE, "user": USER_SCOPE, USER_SCOPE: USER_SCOPE}


class KeyValuePair:
    """A datastore item, with the fields the server sent as attributes; those it leaves out are None."""

    def __init__(self, **fields):
        self.id = self.name = self.value = self.scope = self.user = None
        self.secret = self.encrypted = self.ttl = self.expire_timestamp = None
        self.__dict__.update(fields)

    def __repr__(self):
        return "<KeyValuePair name=%s,scope=%s>" % (self.name, self.scope)


class DatastoreService:
    """Keys are local unless asked otherwise: `<pack>.<class>:` goes before their names."""

    DATASTORE_NAME_SEPARATOR = ":"

    def __init__(self, logger, pack_name, class_name, api_url=None, auth_token=None):
        self._logger = logger
        self._pack_name = pack_name
        self._class_name = class_name
        self._api_url = api_url
        self._auth_token = auth_token

    def get_user_info(self):
        return self._client().call("GET", "/user")

    def list_values(self, local=True, prefix=None, limit=None, offset=0):
        query = {"prefix": self._full_name(prefix or "", local) or None, "limit": limit, "offset": offset or None}
        return [KeyValuePair(**item) for item in self._client().call("GET", "/keys", query)]

    def get_value(self, name, local=True, scope=SYSTEM_SCOPE, decrypt=False):
        """The text stored, None where there is none, and None on any error, which is logged."""
        query = {"scope": full_scope(scope), "decrypt": str(bool(decrypt)).lower()}
        path = self._path(name, local)
        try:
            item = self._client().call("GET", path, query)
        except ApiError as error:
            if error.status != 404:
                self._logger.error("Reading %s from the datastore failed: %s", self._full_name(name, local), error)
            return None
        return item.get("value") if item else None

    def set_value(self, name, value, ttl=None, local=True, scope=SYSTEM_SCOPE, encrypt=False):
        """True. Raises what the server said."""
        full_name = self._full_name(name, local)
        body = {"id": full_name, "name": full_name, "value": str(value), "scope": full_scope(scope)}
        if encrypt:
            body["secret"] = True
        if ttl:
            body["ttl"] = ttl
        self._client().call("PUT", self._path(name, local), body=body)
        return True

    def delete_value(self, name, local=True, scope=SYSTEM_SCOPE):
        """True; False on any error, which is logged."""
        query = {"scope": full_scope(scope)}
        path = self._path(name, local)
        try:
            self._client().call("DELETE", path, query)
            return True
        except ApiError as error:
            self._logger.error("Deleting %s from the datastore failed: %s", self._full_name(name, local), error)
            return False

    def get_api_client(self):
        """A client of the package st2client: ours, unless the pack's environment has another."""
        from st2client.client import Client

        return Client(api_url=self._client().api_url, token=self._auth_token or os.environ.get("ST2_ACTION_AUTH_TOKEN"))

    def _client(self):
        from stormtail_sdk.rest import RestClient  # most actions never come here, and HTTP takes 20 ms to import

        return RestClient(self._api_url, self._auth_token)

    def _path(self, name, local):
        return "/keys/" + urllib.parse.quote(self._full_name(name, local), safe="")

    def _full_name(self, name, local):
        if not local:
            return name
        return "%s.%s%s%s" % (self._pack_name, self._class_name, self.DATASTORE_NAME_SEPARATOR, name)


def full_scope(scope):
    if scope not in _scopes:
        raise ValueError("Scope %s is unsupported. Use %s or %s." % (scope, SYSTEM_SCOPE, USER_SCOPE))
    return _scopes[scope]
