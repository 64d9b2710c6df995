"""What only a fork server can get wrong: what its processes share, how they are claimed, told of and found again."""

import errno
import json
import os
import signal
import tempfile
import textwrap
import time
import unittest

from tests.fork_server import ForkServer, text_in, until

ACTION = "from st2common.runners.base_action import Action\nclass Demo(Action):\n    def run(self, **given):\n"


class Trial(unittest.TestCase):
    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.home = home.name

    def write(self, name, text):
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(textwrap.dedent(text))
        return path

    def order(self, server, name, body, parameters=None, head="", **wish):
        """The execution and its directory."""
        file = self.write("actions/%s.py" % name, textwrap.dedent(head) + ACTION + textwrap.indent(textwrap.dedent(body), " " * 8))
        directory = os.path.join(self.home, name)
        order = {"file_path": file, "parameters": parameters or {}, "pythonpath": [os.path.join(self.home, "actions/lib")]}
        return server.order(directory, json.dumps(order).encode(), **wish), directory

    def run_to_end(self, server, *order, **wish):
        """The exit code and the directory."""
        execution, directory = self.order(server, *order, **wish)
        while True:
            words = server.heard_until("ended").split(" ")
            if words[1] == execution:
                return int(words[2]), directory

    def result(self, directory):
        return json.loads(text_in(directory, "result"))["result"]


class Sharing(Trial):
    def test_nothing_of_an_action_is_left_for_the_next(self):
        with ForkServer() as server:
            _, directory = self.run_to_end(
                server,
                "one",
                """
                import os, sys, builtins
                os.environ["LEFT"] = "1"
                os.umask(0o77)
                builtins.left = sys.left = 1
                sys.path.append("/left")
                os.chdir("/tmp")
                return os.getpid()
                """,
                parameters={"secret": "tell-nobody-4711"},
                environment={"PATH": os.environ["PATH"], "TOKEN": "tell-nobody-0815"},
            )
            first = self.result(directory)
            code, directory = self.run_to_end(
                server,
                "two",
                """
                import builtins, os, sys
                found = []
                with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
                    for line in maps:
                        area, rights = line.split()[:2]
                        if "w" not in rights:
                            continue
                        start, end = (int(part, 16) for part in area.split("-"))
                        if line.split()[-1].startswith("[v"):
                            continue
                        memory.seek(start)
                        content = memory.read(end - start)
                        for number in ("1174", "5180", "7777"):
                            if b"tell-nobody-" + number[::-1].encode() in content:
                                found.append(number[::-1])
                return [os.getpid(), os.getppid(), "LEFT" in os.environ, "TOKEN" in os.environ, hasattr(builtins, "left"),
                        hasattr(sys, "left"), "/left" in sys.path, os.getcwd(), os.umask(0) == 0o77, sorted(set(found))]
                """,
                parameters={"own": "tell-nobody-7777"},
            )
            self.assertEqual(code, 0, text_in(directory, "stderr"))
            pid, *rest = self.result(directory)
            self.assertNotEqual(pid, first)
            # Its own parameter is found, so the others would have been.
            own = ["7777"]
            self.assertEqual(rest, [server.process.pid, False, False, False, False, False, "/", False, own])

    def test_random_numbers_differ(self):
        with ForkServer(["random"]) as server:
            head = "import random\nfrom random import random as draw\n"
            body = "return draw()"
            results = [self.result(self.run_to_end(server, name, body, head=head)[1]) for name in ("one", "two", "three")]
            self.assertEqual(len(set(results)), 3)

    def test_what_an_import_sets_in_the_environment_is_there_unless_the_order_says_otherwise(self):
        self.write("site/setting.py", "import os\nos.environ['SET'] = os.environ['OTHER'] = 'by import'\n")
        with ForkServer(["setting"], os.path.join(self.home, "site")) as server:
            self.assertEqual(server.heard_until("ready").split(" ")[0], "ready")
            environment = {"PATH": os.environ["PATH"], "OTHER": "by order"}
            body = "import os\nreturn [os.environ['SET'], os.environ['OTHER'], os.popen('echo $SET $OTHER').read()]"
            _, directory = self.run_to_end(server, "one", body, environment=environment)
            self.assertEqual(self.result(directory), ["by import", "by order", "by import by order\n"])

    def test_a_library_called_like_a_module_that_is_loaded_comes_first_all_the_same(self):
        self.write("actions/lib/uuid.py", "mine = True\n")
        with ForkServer(["uuid"]) as server:
            body = "import os, sys\nprint('here', given['a'])\nreturn [uuid.mine, os.getpgid(0) == os.getpid(), 'STORMTAIL_RESULT_FILE' in os.environ, sys.stdin.read()]"
            code, directory = self.run_to_end(server, "one", body, head="import uuid\n", parameters={"a": 1})
            self.assertEqual((code, text_in(directory, "stderr")), (0, ""))
            self.assertEqual((self.result(directory), text_in(directory, "stdout")), ([True, True, False, ""], "here 1\n"))
            self.assertEqual(text_in(directory, "status").splitlines()[-1], "exit 0")
            self.assertFalse(os.path.exists(os.path.join(directory, "stdin")))


class Loading(Trial):
    def answers(self, modules, source):
        self.write("site/tried.py", source)
        server = ForkServer(modules, os.path.join(self.home, "site"))
        self.addCleanup(server.__exit__)
        answer = server.heard_until("unfit") if modules == ["tried"] else server.heard_until("ready")
        return answer, server

    def test_modules_that_cannot_be_shared_are_named(self):
        thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        for source, expected in (
            (thread, "unfit tried starts a thread, which a forked process does not have"),
            ("print('hello')\n", "unfit tried prints while it is imported"),
            ("raise RuntimeError('not\\nnow')\n", "unfit tried RuntimeError: not now"),
            ("import sys\nsys.exit()\n", "unfit tried SystemExit: "),
            ("x = (\n", "unfit tried SyntaxError: "),
        ):
            answer, server = self.answers(["tried"], source)
            self.assertTrue(answer.startswith(expected), answer)
            server.process.wait(timeout=10)
            self.assertEqual(server.process.returncode, 3)

    def test_what_is_not_there_is_left_out(self):
        answer, _ = self.answers(["no_such_module", "json.dumps", "json.no_such", "tried"], "import no_such_module_either\n")
        self.assertRegex(answer, r"^ready 3\.\d+\.\d+$")

    def test_a_crash_is_known_by_the_last_word(self):
        self.write("site/tried.py", "import os\nos.abort()\n")
        with ForkServer(["json", "tried"], os.path.join(self.home, "site")) as server:
            lines = [server.heard() for _ in range(3)]
        self.assertEqual(lines, ["loading json", "loading tried", ""])


class Ends(Trial):
    def test_the_status_file_tells_it_all(self):
        with ForkServer() as server:
            code, directory = self.run_to_end(server, "one", "import sys\nsys.exit(137)", plan='{"timeoutMs":5}')
            self.assertEqual(code, 137)
            lines = text_in(directory, "status").splitlines()
            pid = lines[0].split(" ")[1]
            self.assertEqual(lines[:2] + lines[3:], ["pid " + pid, 'plan {"timeoutMs":5}', "group " + pid, "exit 137"])
            self.assertRegex(lines[2], r"^since \d+ \S+$")

    def test_a_signal_is_told_apart_from_a_code(self):
        with ForkServer() as server:
            for name in ("SIGKILL", "SIGTERM", "SIGSEGV", "SIGINT"):
                body = "import os, signal, time\nos.kill(os.getpid(), signal.%s)\ntime.sleep(9)" % name
                code, directory = self.run_to_end(server, name, body)
                number = getattr(signal, name)
                self.assertEqual(code, 128 + number)
                self.assertEqual(text_in(directory, "status").splitlines()[3:], ["group " + text_in(directory, "status").split()[1], "signal " + name, "exit %d" % code])
            self.assertIn("KeyboardInterrupt", text_in(directory, "stderr"))

    def test_what_an_interpreter_does_at_its_end(self):
        head = """
            import atexit, os, threading, time
            class Noisy:
                def __del__(self): os.write(1, b"destroyed\\n")
            noisy = Noisy()
            file = open(os.environ["FILE"], "w")
        """
        body = """
            file.write("flushed")
            atexit.register(lambda: print("atexit"))
            threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
            print("run", end=" ")
        """
        path = os.path.join(self.home, "written")
        with ForkServer() as server:
            environment = {"PATH": os.environ["PATH"], "FILE": path}
            code, directory = self.run_to_end(server, "one", body, head=head, environment=environment)
            self.assertEqual((code, text_in(directory, "stderr")), (0, ""))
            self.assertEqual(text_in(directory, "stdout"), "run thread\natexit\ndestroyed\n")
            self.assertEqual(text_in(self.home, "written"), "flushed")
            body = "file.write('again')\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
            code, directory = self.run_to_end(server, "two", body, head=head, environment=environment)
            self.assertEqual((code, text_in(directory, "stderr")), (0, ""))
            self.assertEqual(text_in(self.home, "written"), "again")

    def test_processes_and_threads_of_an_action_work(self):
        head = """
            import concurrent.futures, multiprocessing, os, subprocess
            def square(n): return n * n
        """
        body = """
            with multiprocessing.get_context("fork").Pool(2) as pool:
                pooled = pool.map(square, [1, 2, 3])
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                spawned = pool.map(square, [4])
            with concurrent.futures.ThreadPoolExecutor() as threads:
                threaded = list(threads.map(square, [5]))
            return [pooled, spawned, threaded, subprocess.run(["sh", "-c", "exit 7"]).returncode, os.system("exit 3") >> 8]
        """
        with ForkServer() as server:
            code, directory = self.run_to_end(server, "pooling", body, head=head)
        self.assertEqual((code, text_in(directory, "stderr")), (0, ""))
        self.assertEqual(self.result(directory), [[1, 4, 9], [16], [25], 7, 3])

    def test_limits(self):
        body = """
            import resource
            return [resource.getrlimit(limit) for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU)]
        """
        with ForkServer() as server:
            limits = {"openFilesMax": 50, "fileBytesMax": 10_000, "cpuSecondsMax": 7}
            _, directory = self.run_to_end(server, "one", body, limits=limits)
            self.assertEqual(self.result(directory), [[50, 50], [10_000, 10_000], [7, 12]])
            code, directory = self.run_to_end(server, "two", "open('x', 'w').write('x' * 20000)", limits=limits, cwd=self.home)
            self.assertEqual(code, 1)
            self.assertIn("File too large", text_in(directory, "stderr"))


class Claims(Trial):
    def test_an_execution_is_started_once(self):
        with ForkServer() as server:
            body = "print('ran')"
            self.write("one/status", "")
            execution, directory = self.order(server, "one", body)
            self.assertEqual(server.heard_until("taken"), "taken " + execution)
            self.assertEqual(server.heard_until("ended"), "ended %s 0" % execution)
            self.assertEqual(text_in(directory, "stdout"), "")

    def test_an_order_that_was_withdrawn_is_not_carried_out(self):
        with ForkServer() as server:
            server.heard_until("ready")
            os.kill(server.process.pid, signal.SIGSTOP)
            waiting = children(server.process.pid)
            for pid in waiting:
                os.kill(pid, signal.SIGSTOP)
            execution, directory = self.order(server, "one", "print('ran')")
            os.unlink(os.path.join(directory, "run"))
            for pid in [server.process.pid, *waiting]:
                os.kill(pid, signal.SIGCONT)
            self.assertEqual(server.heard_until("ended"), "ended %s 0" % execution)
            status = text_in(directory, "status")
            self.assertEqual(status.splitlines()[0], "late")
            self.assertEqual(text_in(directory, "stdout"), "")

    def test_what_cannot_be_claimed_is_refused(self):
        with ForkServer() as server:
            # There is no disk to fill here: a place where nothing can be written is refused in the same way.
            nowhere = self.write("file", "")
            execution = server.order(os.path.join(self.home, "two"), b"{}", place=nowhere)
            self.assertEqual(server.heard_until("refused"), "refused %s %d" % (execution, errno.ENOTDIR))
            self.assertEqual(server.heard_until("ended"), "ended %s 0" % execution)
            self.assertEqual(self.run_to_end(server, "three", "pass")[0], 0)


class Lives(Trial):
    WAIT = "import os, time\nprint('up', flush=True)\nwhile not os.path.exists(given['until']): time.sleep(0.01)\nreturn 'done'"

    def started(self, server, name="one"):
        path = os.path.join(self.home, "go")
        execution, directory = self.order(server, name, self.WAIT, parameters={"until": path})
        until(lambda: text_in(directory, "stdout") == "up\n")
        return directory, path

    def test_it_stays_until_its_actions_have_ended(self):
        server = ForkServer()
        directory, path = self.started(server)
        server.process.stdin.close()
        server.process.stdout.close()
        time.sleep(0.1)
        self.assertIsNone(server.process.poll())
        with open(path, "w"):
            pass
        self.assertEqual(server.process.wait(timeout=20), 0)
        self.assertEqual(text_in(directory, "status").splitlines()[-1], "exit 0")
        self.assertEqual(self.result(directory), "done")

    def test_actions_survive_it_and_write_down_how_they_end(self):
        server = ForkServer()
        directory, path = self.started(server)
        waiting = children(server.process.pid)
        server.process.kill()
        server.process.wait()
        with open(path, "w"):
            pass
        until(lambda: "\nexit 0\n" in text_in(directory, "status"))
        self.assertEqual(self.result(directory), "done")
        server.__exit__()
        until(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in waiting))

    def test_losing_the_process_that_waits_is_said_and_costs_nothing_else(self):
        server = ForkServer()
        directory, path = self.started(server)
        pid = int(text_in(directory, "status").split()[1])
        until(lambda: len(children(server.process.pid)) == 2)
        (waiting,) = set(children(server.process.pid)) - {pid}
        os.kill(waiting, signal.SIGKILL)
        self.assertEqual(server.heard_until("lost"), "lost")
        with open(path, "w"):
            pass
        self.assertRegex(server.heard_until("ended"), "^ended .* 0$")
        server.__exit__()
        self.assertEqual(text_in(directory, "status").splitlines()[-1], "exit 0")

    def test_the_environment_that_the_system_shows_names_the_execution(self):
        with ForkServer() as server:
            body = "import os\nwith open('/proc/self/environ', 'rb') as file:\n    return file.read().decode()"
            execution, directory = self.order(server, "one", body)
            server.heard_until("ended")
            shown = self.result(directory).split("\0")
            self.assertIn("ST2_ACTION_EXECUTION_ID=" + execution, shown)
            with open("/proc/%d/environ" % server.process.pid, "rb") as file:
                self.assertNotIn(execution, file.read().decode())


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(word) for word in file.read().split()]


if __name__ == "__main__":
    unittest.main()
