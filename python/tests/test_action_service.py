"""The datastore methods against a small server that keeps what it is told."""

import http.server
import json
import os
import threading
import unittest
import urllib.parse

from stormtail_sdk.action_service import ActionService
from stormtail_sdk.api_error import ApiError
from tests.wrapper import run_action


class Server(http.server.BaseHTTPRequestHandler):
    """GET, PUT and DELETE of /v1/keys/<name>, GET of /v1/keys and /v1/user."""

    keys = {}
    seen = []

    def do_GET(self):
        name, query = self.note()
        if self.path.startswith("/v1/user"):
            self.send({"username": "ann"})
        elif name is None:
            prefix = query.get("prefix", "")
            self.send([item for key, item in sorted(self.keys.items()) if key.startswith(prefix)])
        elif name in self.keys:
            self.send(self.keys[name])
        else:
            self.send({"faultstring": "no such key"}, 404)

    def do_PUT(self):
        name, _ = self.note()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body["value"] == "refused":
            self.send({"faultstring": "the server says no"}, 400)
        else:
            self.keys[name] = body
            self.send(body)

    def do_DELETE(self):
        name, _ = self.note()
        gone = self.keys.pop(name, None)
        self.send(None, 204) if gone else self.send({"faultstring": "no such key"}, 404)

    def note(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        self.seen.append((self.command, url.path, query, self.headers.get("X-Auth-Token")))
        rest = url.path[len("/v1/keys/") :] if url.path.startswith("/v1/keys/") else None
        return (urllib.parse.unquote(rest) if rest is not None else None), query

    def send(self, body, status=200):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Datastore(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        cls.thread = threading.Thread(target=cls.server.serve_forever, daemon=True)
        cls.thread.start()
        os.environ["ST2_ACTION_API_URL"] = "http://127.0.0.1:%d/v1" % cls.server.server_port
        os.environ["ST2_ACTION_AUTH_TOKEN"] = "token-1"
        os.environ["http_proxy"] = "http://127.0.0.1:9"

    @classmethod
    def tearDownClass(cls):
        for name in ("ST2_ACTION_API_URL", "ST2_ACTION_AUTH_TOKEN", "http_proxy"):
            del os.environ[name]
        cls.server.shutdown()
        cls.server.server_close()
        cls.thread.join()

    def setUp(self):
        Server.keys.clear()
        Server.seen.clear()
        self.service = ActionService("demo", "Demo", log_level="CRITICAL")

    def test_local_keys_belong_to_pack_and_class(self):
        self.assertIs(self.service.set_value("a/b c", 5, ttl=60, encrypt=True), True)
        expected = {"id": "demo.Demo:a/b c", "name": "demo.Demo:a/b c", "value": "5", "scope": "st2kv.system"}
        self.assertEqual(Server.keys, {"demo.Demo:a/b c": {**expected, "secret": True, "ttl": 60}})
        self.assertEqual(self.service.get_value("a/b c", decrypt=True), "5")
        self.assertEqual(
            Server.seen[-1],
            ("GET", "/v1/keys/demo.Demo%3Aa%2Fb%20c", {"scope": "st2kv.system", "decrypt": "true"}, "token-1"),
        )

    def test_global_keys_have_their_bare_names(self):
        self.service.set_value("shared", "x", local=False)
        self.assertEqual(list(Server.keys), ["shared"])
        self.assertEqual(self.service.get_value("shared", local=False), "x")
        self.assertIsNone(self.service.get_value("shared"))

    def test_lists_are_objects_with_attributes(self):
        self.service.set_value("one", 1)
        self.service.set_value("two", 2)
        self.service.set_value("other", 3, local=False)
        items = self.service.list_values(prefix="o", limit=10, offset=5)
        self.assertEqual([(item.name, item.value, item.secret) for item in items], [("demo.Demo:one", "1", None)])
        self.assertEqual(Server.seen[-1][2], {"prefix": "demo.Demo:o", "limit": "10", "offset": "5"})
        self.assertEqual(len(self.service.list_values(local=False)), 3)

    def test_deleting(self):
        self.service.set_value("gone", 1)
        self.assertIs(self.service.delete_value("gone"), True)
        self.assertIs(self.service.delete_value("gone"), False)

    def test_setting_raises_what_the_server_says(self):
        with self.assertRaisesRegex(ApiError, "the server says no"):
            self.service.set_value("a", "refused")

    def test_scopes(self):
        self.service.set_value("mine", 1, scope="user")
        self.assertEqual(Server.keys["demo.Demo:mine"]["scope"], "st2kv.user")
        with self.assertRaisesRegex(ValueError, "Scope x is unsupported"):
            self.service.get_value("a", scope="x")

    def test_user_info(self):
        self.assertEqual(self.service.get_user_info(), {"username": "ann"})

    def test_in_an_action(self):
        code = (
            "from st2common.runners.base_action import Action\n"
            "class Counter(Action):\n"
            "    def run(self):\n"
            "        n = int(self.action_service.get_value('n') or 0) + 1\n"
            "        self.action_service.set_value('n', n)\n"
            "        return n\n"
        )
        self.assertEqual([run_action(code).answer["result"] for _ in range(2)], [1, 2])
        self.assertEqual(list(Server.keys), ["demo.Counter:n"])

    def test_a_server_that_is_gone_is_none_and_logged(self):
        code = (
            "from st2common.runners.base_action import Action\n"
            "class Reader(Action):\n"
            "    def run(self):\n"
            "        return [self.action_service.get_value('n'), self.action_service.delete_value('n')]\n"
        )
        run = run_action(code, environment={"ST2_ACTION_API_URL": "http://127.0.0.1:9/v1"})
        self.assertEqual(run.answer["result"], [None, False])
        self.assertIn("Reading demo.Reader:n from the datastore failed", run.stderr)
        self.assertIn("does not answer", run.stderr)


if __name__ == "__main__":
    unittest.main()
