"""The server's REST API, as far as actions need it, with the token that the action was given."""

import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request

from stormtail_sdk.api_error import ApiError

# The server answers these in milliseconds; a minute is for one that is being restarted.
TIMEOUT_SECONDS = 60

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class RestClient:
    def __init__(self, api_url=None, token=None, api_key=None, certificates=None):
        """Who names an API key means it, although every action has a token."""
        self.api_url = (api_url or os.environ.get("ST2_ACTION_API_URL") or "").rstrip("/")
        self._token = token or (None if api_key else os.environ.get("ST2_ACTION_AUTH_TOKEN"))
        self._api_key = api_key
        self._certificates = certificates or os.environ.get("ST2_CACERT")
        if not self.api_url:
            raise ApiError("ST2_ACTION_API_URL is not set: the datastore can be used in a running action only")

    def call(self, method, path, query=None, body=None):
        """The JSON of the answer, None where it is empty. Raises ApiError."""
        text = self.text(method, path, query, body)
        return json.loads(text) if text.strip() else None

    def text(self, method, path, query=None, body=None):
        url = self.api_url + path
        filled = {name: value for name, value in (query or {}).items() if value is not None}
        if filled:
            url += "?" + urllib.parse.urlencode(filled)
        headers = {}
        if self._token:
            headers["X-Auth-Token"] = self._token
        elif self._api_key:
            headers["St2-Api-Key"] = self._api_key
        data = None
        if body is not None:
            data = json.dumps(body).encode("utf-8")
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with self._opener().open(request, timeout=TIMEOUT_SECONDS) as response:
                return response.read().decode("utf-8")
        except urllib.error.HTTPError as error:
            raise ApiError("%s %s: %s" % (method, path, reason_of(error)), error.code) from error
        except OSError as error:
            raise ApiError("%s %s: the server at %s does not answer: %s" % (method, path, self.api_url, error)) from error
    def _opener(self):
        handlers = []
        if urllib.parse.urlsplit(self.api_url).hostname in LOOPBACK:
            handlers.append(urllib.request.ProxyHandler({}))  # no proxy leads to our own machine
        if self._certificates:
            context = ssl.create_default_context(cafile=self._certificates)
            handlers.append(urllib.request.HTTPSHandler(context=context))
        return urllib.request.build_opener(*handlers)


def reason_of(error):
    """What the server says is wrong, else the status line."""
    try:
        fault = json.loads(error.read().decode("utf-8")).get("faultstring")
    except (ValueError, AttributeError, OSError):
        fault = None
    return fault or "%s %s" % (error.code, error.reason)
