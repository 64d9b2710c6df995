"""The client against a server that keeps documents and notes who asked for what."""

import http.server
import json
import os
import threading
import unittest
import urllib.parse

from st2client.base import BaseCLIApp
from st2client.client import Client
from st2client.models import KeyValuePair, LiveAction
from stormtail_sdk.api_error import ApiError
from stormtail_sdk.datastore import DatastoreService


class Server(http.server.BaseHTTPRequestHandler):
    documents = {}
    seen = []

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        query = dict(urllib.parse.parse_qsl(url.query))
        who = self.headers.get("X-Auth-Token") or "key:%s" % self.headers.get("St2-Api-Key")
        self.seen.append((self.command, url.path, query, body, who))
        path = url.path[len("/v1") :]
        if self.command == "GET" and path.endswith("/output"):
            return self.send(b"line 1\nline 2\n", 200)
        if self.command == "POST":
            return self.send({"id": "e1", "status": "requested", **body}, 201)
        if self.command == "PUT":
            self.documents[path] = body
            return self.send(body, 200)
        if path not in self.documents:
            return self.send({"faultstring": "nothing at " + path}, 404)
        found = self.documents.pop(path) if self.command == "DELETE" else self.documents[path]
        return self.send(None, 204) if self.command == "DELETE" else self.send(found, 200)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def send(self, body, status):
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        cls.thread = threading.Thread(target=cls.server.serve_forever, daemon=True)
        cls.thread.start()
        cls.url = "http://127.0.0.1:%d/v1" % cls.server.server_port
        os.environ["ST2_API_URL"] = cls.url
        os.environ["ST2_AUTH_TOKEN"] = "token-1"

    @classmethod
    def tearDownClass(cls):
        for name in ("ST2_API_URL", "ST2_AUTH_TOKEN"):
            del os.environ[name]
        cls.server.shutdown()
        cls.server.server_close()
        cls.thread.join()

    def setUp(self):
        Server.documents.clear()
        Server.seen.clear()

    def test_the_datastore(self):
        client = Client()
        client.keys.update(KeyValuePair(name="a b", value="1", ttl=None))
        self.assertEqual(
            Server.seen[-1], ("PUT", "/v1/keys/a%20b", {}, {"id": "a b", "name": "a b", "value": "1"}, "token-1")
        )
        item = client.keys.get_by_name("a b", decrypt=True, params={"scope": "st2kv.system"})
        self.assertEqual((item.name, item.value), ("a b", "1"))
        self.assertEqual(Server.seen[-1][2], {"decrypt": "true", "scope": "st2kv.system"})
        self.assertIs(client.keys.delete(item), True)
        self.assertIs(client.keys.delete(item), False)
        self.assertIsNone(client.keys.get_by_name("a b"))

    def test_executions(self):
        client = Client()
        made = client.liveactions.create(LiveAction(action="core.local", parameters={"cmd": "date"}))
        self.assertEqual((made.id, made.status, made.action), ("e1", "requested", "core.local"))
        self.assertEqual(Server.seen[-1][:4:3], ("POST", {"action": "core.local", "parameters": {"cmd": "date"}}))
        self.assertEqual(client.executions.get_output("e1", "stdout"), "line 1\nline 2\n")
        client.executions.re_run("e1", {"a": 1}, tasks=["one", "two"], no_reset=["two"])
        body = {"parameters": {"a": 1}, "tasks": ["one", "two"], "reset": ["one"], "delay": 0}
        self.assertEqual(Server.seen[-1][1:4:2], ("/v1/executions/e1/re_run", body))
        client.executions.pause("e1")
        self.assertEqual(Server.seen[-1][3], {"status": "pausing"})

    def test_lists_are_objects(self):
        Server.documents["/actions"] = [{"ref": "core.local", "name": "local"}, {"ref": "x.local", "name": "local"}]
        client = Client()
        self.assertEqual([action.ref for action in client.actions.get_all(limit=5)], ["core.local", "x.local"])
        self.assertEqual(Server.seen[-1][2], {"limit": "5"})
        self.assertEqual(client.managers["Action"].query_one(pack="core").ref, "core.local")
        with self.assertRaisesRegex(ValueError, 'more than one named "local"'):
            client.actions.get_by_name("local")
        self.assertIsNone(client.actions.get_by_ref_or_id("no.such"))

    def test_who_asks(self):
        Client(token="mine").keys.get_by_id("x")
        Client(api_key="key").keys.get_by_id("x")
        BaseCLIApp().get_client().keys.get_by_id("x")
        DatastoreService(None, "p", "C", self.url, "action's").get_api_client().keys.get_by_id("x")
        self.assertEqual([call[4] for call in Server.seen], ["mine", "key:key", "token-1", "action's"])
        self.assertEqual(Client(base_url="http://h", api_url=None).endpoints["api"], self.url)

    def test_failures_are_said(self):
        with self.assertRaisesRegex(ApiError, "nothing at /rules") as caught:
            Client().rules.get_all()
        self.assertEqual(caught.exception.status, 404)


if __name__ == "__main__":
    unittest.main()
