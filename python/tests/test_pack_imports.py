"""Modules that packs import besides the base class."""

import textwrap
import unittest

from st2common.util import jinja, shell
from tests.test_wrapper import action
from tests.wrapper import Forked, run_action


class Places(unittest.TestCase):
    def result(self, body, head=""):
        run = run_action(action("def run(self):\n" + textwrap.indent(textwrap.dedent(body), "    "), head=head))
        self.assertEqual((run.exit_code, run.stderr), (0, ""))
        return run.answer["result"]

    def test_content(self):
        self.assertEqual(
            self.result(
                """
                import os
                own = os.path.basename(os.getcwd())
                refused = False
                try:
                    content.get_pack_file_abs_path(own, "../x")
                except ValueError:
                    refused = True
                return [
                    content.get_pack_base_path(own) == os.getcwd(),
                    content.get_pack_base_path("other") == os.path.join(os.path.dirname(os.getcwd()), "other"),
                    content.get_pack_resource_file_abs_path(own, "action", "a.py") == os.getcwd() + "/actions/a.py",
                    content.get_packs_base_paths() == [os.path.dirname(os.getcwd())],
                    refused,
                ]
                """,
                head="from st2common.content import utils as content\n",
            ),
            [True] * 5,
        )

    def test_settings(self):
        self.assertEqual(
            self.result(
                """
                import os
                cfg.CONF.register_opts([cfg.StrOpt("a-b", default="x"), cfg.IntOpt("n", 5)], group="mine")
                cfg.CONF.register_opt(cfg.BoolOpt("alone", default=True))
                try:
                    cfg.CONF.database.password
                except cfg.NoSuchOptError as error:
                    refused = str(error)
                return [cfg.CONF.mine.a_b, cfg.CONF.mine.n, cfg.CONF.alone, refused,
                        cfg.CONF.content.packs_base_paths == os.path.dirname(os.getcwd()), hasattr(cfg.CONF.system, "no")]
                """,
                head="from oslo_config import cfg\n",
            ),
            ["x", 5, True, "there is no setting or group database that actions know", True, False],
        )


class ForkedPlaces(Forked, Places):
    pass


class Shell(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(shell.run_command(["sh", "-c", "echo out; echo err >&2; exit 3"]), (3, "out\n", "err\n"))
        self.assertEqual(shell.run_command("echo $A", shell=True, env={"A": "é"}), (0, "é\n", ""))
        self.assertEqual(shell.quote_unix("a b"), "'a b'")


class Jinja(unittest.TestCase):
    def test_expressions_are_told(self):
        for value in ("{{ a }}", "x {% if a %}", ["{{a}}"], {"k": ["{{a}}"]}, "{{\na }}"):
            self.assertTrue(jinja.is_jinja_expression(value), value)
        for value in ("a", None, 5, ["a"], {"k": "{a}"}):
            self.assertFalse(jinja.is_jinja_expression(value), value)
        raw = jinja.convert_jinja_to_raw_block({"a": ["{{ b }}", "c", 1]})
        self.assertEqual(raw, {"a": ["{% raw %}{{ b }}{% endraw %}", "c", 1]})

    def test_values_are_rendered(self):
        try:
            import jinja2
        except ImportError:
            with self.assertRaisesRegex(ImportError, "requirements.txt"):
                jinja.render_values({"a": "{{ b }}"}, {"b": 1})
            return
        mapping = {"a": "{{ b }}", "c": 5, "d": ["{{ b }}", {"e": "{{ b }}"}], "f": "plain"}
        self.assertEqual(jinja.render_values(mapping, {"b": 7}), {"a": "7", "c": 5, "d": ["7", {"e": "7"}], "f": "plain"})
        self.assertEqual(jinja.render_values({"a": "{{ no }}"}, {"b": 1}, allow_undefined=True), {"a": ""})
        with self.assertRaises(jinja2.UndefinedError):
            jinja.render_values({"a": "{{ no }}"}, {"b": 1})


if __name__ == "__main__":
    unittest.main()
