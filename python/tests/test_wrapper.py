"""The wrapper from outside: what goes in, what comes out, on which stream and with which exit code."""

import json
import os
import textwrap
import unittest

from tests.wrapper import run_action

BASE = "from st2common.runners.base_action import Action\n"


def action(body, base="Action", head=""):
    return BASE + head + "\nclass Demo(%s):\n" % base + textwrap.indent(textwrap.dedent(body), "    ")


class Results(unittest.TestCase):
    def returned(self, expression, head=""):
        run = run_action(action("def run(self):\n    return " + expression, head=head))
        self.assertEqual((run.exit_code, run.stderr), (0, ""))
        return run.answer

    def test_a_value_is_the_result_and_has_no_status(self):
        self.assertEqual(self.returned("{'a': [1, 2.5, None, 'é']}"), {"result": {"a": [1, 2.5, None, "é"]}, "status": None})
        self.assertEqual(self.returned("None"), {"result": None, "status": None})

    def test_a_two_tuple_is_status_and_result(self):
        self.assertEqual(self.returned("(True, 5)"), {"result": 5, "status": True})
        self.assertEqual(self.returned("False, 'no'"), {"result": "no", "status": False})
        self.assertEqual(self.returned("(None, 'x')"), {"result": "x", "status": None})

    def test_other_sequences_are_results(self):
        self.assertEqual(self.returned("[True, 5]"), {"result": [True, 5], "status": None})
        self.assertEqual(self.returned("(1, 2, 3)"), {"result": [1, 2, 3], "status": None})

    def test_a_two_tuple_without_a_status_is_refused(self):
        run = run_action(action("def run(self):\n    return ('a', 'b')"))
        self.assertEqual((run.exit_code, run.answer), (220, None))
        self.assertEqual(
            run.stderr.splitlines()[-1], "Status returned from the action run() method must either be True or False, got: a"
        )

    def test_what_json_cannot_hold_is_text(self):
        self.assertEqual(self.returned("b'x'")["result"], "b'x'")
        self.assertEqual(self.returned("True, {'a': {1, }}"), {"result": "{'a': {1}}", "status": True})
        self.assertEqual(self.returned("loop", head="loop = []\nloop.append(loop)\n")["result"], "[[...]]")

    def test_times_and_the_like_have_a_form(self):
        head = textwrap.dedent("""
            import dataclasses, datetime, enum, uuid
            class Colour(enum.Enum):
                RED = "red"
            @dataclasses.dataclass
            class Point:
                x: int
                when: datetime.date
        """)
        value = "{'t': datetime.datetime(2020, 1, 2, 3, 4), 'u': uuid.UUID(int=1), 'c': Colour.RED, 1: Point(1, datetime.date(2020, 1, 2)), None: float('nan')}"
        self.assertEqual(
            self.returned(value, head)["result"],
            {
                "t": "2020-01-02T03:04:00",
                "u": "00000000-0000-0000-0000-000000000001",
                "c": "red",
                "1": {"x": 1, "when": "2020-01-02"},
                "null": None,
            },
        )

    def test_large_parameters_and_results(self):
        text = "x" * 10_000_000
        run = run_action(action("def run(self, text):\n    return text"), parameters={"text": text})
        self.assertEqual(run.answer["result"], text)


class Streams(unittest.TestCase):
    def test_output_is_the_actions_own(self):
        run = run_action(action("""
            def run(self):
                import sys
                print("out", end="")
                sys.stderr.write("err")
        """))
        self.assertEqual((run.stdout, run.stderr, run.exit_code), ("out", "err", 0))

    def test_standard_input_is_empty(self):
        run = run_action(action("""
            def run(self):
                import os, sys
                return [sys.stdin.read(), os.read(0, 10).decode(), os.system("cat")]
        """))
        self.assertEqual(run.answer["result"], ["", "", 0])

    def test_text_for_standard_input(self):
        run = run_action(action("def run(self):\n    import sys\n    return sys.stdin.read()"), stdin_text="a\né")
        self.assertEqual((run.answer["result"], run.stderr), ("a\né", ""))

    def test_the_result_file_is_not_known_to_the_action(self):
        run = run_action(action("def run(self):\n    import os\n    return 'STORMTAIL_RESULT_FILE' in os.environ"))
        self.assertIs(run.answer["result"], False)

    def test_a_print_while_importing_is_output_too(self):
        run = run_action("print('loading')\n" + action("def run(self):\n    return 1"))
        self.assertEqual((run.stdout, run.answer["result"]), ("loading\n", 1))


class Endings(unittest.TestCase):
    def test_an_exception_is_a_traceback_of_the_action_alone(self):
        run = run_action(action("def run(self):\n    raise RuntimeError('broken')"))
        self.assertEqual((run.exit_code, run.answer), (1, None))
        self.assertTrue(run.stderr.startswith("Traceback (most recent call last):"))
        self.assertTrue(run.stderr.endswith("RuntimeError: broken\n"))
        self.assertNotIn("stormtail_action.py", run.stderr)

    def test_sys_exit_is_honoured(self):
        for code, expected in (("", 0), ("0", 0), ("7", 7), ("'why'", 1)):
            run = run_action(action("def run(self):\n    import sys\n    sys.exit(%s)" % code))
            self.assertEqual((run.exit_code, run.answer), (expected, None))

    def test_a_wrong_parameter_is_an_exception(self):
        run = run_action(action("def run(self):\n    pass"), parameters={"extra": 1})
        self.assertEqual(run.exit_code, 1)
        self.assertIn("unexpected keyword argument 'extra'", run.stderr)

    def test_a_syntax_error_names_file_and_line(self):
        run = run_action("x = (\n")
        self.assertEqual(run.exit_code, 1)
        self.assertIn("actions/action.py", run.stderr)
        self.assertIn("SyntaxError", run.stderr)

    def test_a_bad_order_is_explained(self):
        self.assertIn("must be a JSON object with file_path", run_action("", stdin="{}").stderr)
        self.assertEqual(run_action("", stdin="nonsense").exit_code, 2)

    def test_threads_that_still_run_do_not_delay_the_result(self):
        run = run_action(action("""
            def run(self):
                import threading, time
                threading.Thread(target=lambda: (time.sleep(0.3), print("late"))).start()
                return "early"
        """))
        self.assertEqual((run.answer["result"], run.stdout), ("early", "late\n"))


class Classes(unittest.TestCase):
    def result_of(self, code, **order):
        run = run_action(code, **order)
        self.assertEqual((run.stderr, run.exit_code), ("", 0))
        return run.answer["result"]

    def test_the_first_by_name_that_has_run(self):
        code = BASE + textwrap.dedent("""
            import abc
            class A1:
                pass
            class A2(Action):
                pass
            class Zeta(Action):
                def run(self): return "Zeta"
            class Beta:
                def run(self): return "Beta"
        """)
        self.assertEqual(self.result_of(code), "Beta")
        self.assertEqual(self.result_of(code, class_name="Zeta"), "Zeta")

    def test_imported_classes_do_not_count(self):
        files = {"actions/lib/base.py": BASE + "class Aaa(Action):\n    def run(self): return 'Aaa'\n"}
        self.assertEqual(self.result_of("from base import Aaa\nclass Own(Aaa):\n    pass\n", files=files), "Aaa")

    def test_no_class_names_the_file(self):
        run = run_action("x = 1\n")
        self.assertEqual(run.exit_code, 1)
        self.assertRegex(run.stderr, r'file ".*actions/action.py" has no action class')

    def test_constructors_of_every_kind(self):
        bodies = [
            "def __init__(self, config):\n    self.config = config",
            "def __init__(self, config=None, action_service=None):\n    super().__init__(config, action_service)",
            "def __init__(self, *args, **kwargs):\n    super().__init__(*args, **kwargs)",
            "def __init__(self, config, **kwargs):\n    super().__init__(config)",
            "def __init__(self, **kwargs):\n    self.config = kwargs['config']",
            "",
        ]
        for body in bodies:
            code = action(body + "\ndef run(self):\n    return [self.config['k'], self.action_service is not None]")
            self.assertEqual(self.result_of(code, config={"k": "v"}), ["v", True], body)
        old = "class Old:\n    def __init__(self, config):\n        self.config = config\n"
        body = "def __init__(self, **kwargs):\n    super().__init__(**kwargs)\ndef run(self):\n    return self.config['k']"
        self.assertEqual(self.result_of(action(body, base="Old", head=old), config={"k": "v"}), "v")
        self.assertEqual(self.result_of("class Plain:\n    def run(self):\n        return 1\n"), 1)

    def test_the_older_place_of_the_base_class(self):
        code = "from st2actions.runners.pythonrunner import Action\nclass X(Action):\n    def run(self): return 1\n"
        self.assertEqual(self.result_of(code), 1)

    def test_libraries_and_siblings(self):
        files = {
            "actions/lib/__init__.py": "",
            "actions/lib/client.py": "name = 'client'\n",
            "actions/sibling.py": "name = 'sibling'\n",
            "actions/random.py": "raise RuntimeError('hides the standard library')\n",
        }
        code = action(
            "def run(self):\n    import random, client, lib.client, sibling\n    return [client.name, lib.client.name, sibling.name, hasattr(random, 'randint')]"
        )
        self.assertEqual(self.result_of(code, files=files), ["client", "client", "sibling", True])

    def test_an_action_called_like_a_library(self):
        code = action("def run(self):\n    import json\n    return json.dumps([1])")
        self.assertEqual(self.result_of(code, name="json.py"), "[1]")


class Surroundings(unittest.TestCase):
    def test_a_missing_config_key_says_what_to_do(self):
        run = run_action(action("def run(self):\n    return [self.config.get('gone'), self.config['gone']]"))
        self.assertIn('ValueError: Config for pack "demo" is missing key "gone". Add it to configs/demo.yaml.', run.stderr)
        self.assertNotIn("KeyError", run.stderr)

    def test_the_logger_writes_to_standard_error_by_level(self):
        code = action("def run(self):\n    self.logger.debug('d %s', 1)\n    self.logger.warning('w')\n    self.logger.audit('a')")
        run = run_action(code)
        expected = ["DEBUG    d 1", "WARNING  w", "AUDIT    a"]
        self.assertEqual(run.stderr.splitlines(), ["st2.actions.python.Demo: " + line for line in expected])
        self.assertEqual(run.stdout, "")
        self.assertEqual(run_action(code, log_level="AUDIT").stderr, "st2.actions.python.Demo: AUDIT    a\n")

    def test_modules_that_packs_import(self):
        code = action("""
            def run(self):
                from st2common import log as logging
                from st2common.exceptions.action import InvalidActionParameterException
                from st2common.runners.utils import get_logger_for_python_runner_action
                from st2common.util import isotime
                assert issubclass(InvalidActionParameterException, Exception)
                assert get_logger_for_python_runner_action("Demo") is self.logger
                logging.getLogger(__name__).setLevel(logging.INFO)
                return isotime.format("2020-01-02 03:04:05Z", usec=False)
        """)
        self.assertEqual(run_action(code).answer["result"], "2020-01-02T03:04:05+00:00")


class Starting(unittest.TestCase):
    def test_without_a_file_for_the_result_it_is_not_us_who_started_it(self):
        run = run_action("", environment={"STORMTAIL_RESULT_FILE": ""})
        self.assertEqual((run.exit_code, run.stderr[:21]), (2, "STORMTAIL_RESULT_FILE"))

    def test_standard_input_may_come_beside_the_order(self):
        run = run_action(
            action("""
            def run(self, name):
                import os, sys
                return [name, input("? "), sys.stdin.read(), "STORMTAIL_ORDER_FD" in os.environ, os.system("cat")]
            """),
            parameters={"name": "x"},
            beside="first\nrest \u00fc",
        )
        self.assertEqual(run.answer["result"], ["x", "first", "rest \u00fc", False, 0])
        self.assertEqual(run.stdout, "? ")


if __name__ == "__main__":
    unittest.main()
