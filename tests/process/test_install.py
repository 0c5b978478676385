# SPDX-License-Identifier: BSD-3-Clause
"""make install and uninstall, and what is made from the programs' own tables."""

import os
import re
import shutil
import subprocess
import unittest

from program import DEADLINE_S, READY, ProcessTest

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.dirname(os.environ["ECHOLOG_SERVER"])
PREFIX = "/usr"

OURS = """
usr/bin/echolog-server usr/bin/echolog-cli usr/bin/echolog-dump usr/bin/echolog-install-service
usr/bin/echolog-bench
usr/share/man/man1/echolog-server.1 usr/share/man/man1/echolog-cli.1 usr/share/man/man1/echolog-dump.1
usr/share/man/man1/echolog-bench.1
usr/share/man/man5/echolog.conf.5 usr/share/doc/echolog/README.md usr/share/doc/echolog/LICENSE
etc/echolog/echolog.conf etc/logrotate.d/echolog usr/lib/systemd/system/echolog.service
usr/lib/sysusers.d/echolog.conf usr/lib/tmpfiles.d/echolog.conf
usr/share/bash-completion/completions/echolog-server
usr/share/bash-completion/completions/echolog-cli
usr/share/bash-completion/completions/echolog-dump
usr/share/bash-completion/completions/echolog-bench
usr/share/zsh/site-functions/_echolog usr/share/fish/vendor_completions.d/echolog-server.fish
usr/share/fish/vendor_completions.d/echolog-cli.fish
usr/share/fish/vendor_completions.d/echolog-dump.fish
usr/share/fish/vendor_completions.d/echolog-bench.fish
""".split()


def printed(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          timeout=DEADLINE_S, check=True).stdout


def options_of(*command):
    """The options that a program's help begins lines with."""
    found = set()
    for line in printed(*command, "--help").splitlines():
        if re.match(r" +--?[a-z0-9]", line):
            names = re.split(r"   *", line.strip())[0]
            found.update(name.split()[0] for name in names.split(", "))
    found.discard("--directive")
    return found


class Install(ProcessTest):
    def make(self, target):
        root = self.path("root")
        command = ["make", "-s", "-C", TREE, target, f"DESTDIR={root}", f"PREFIX={PREFIX}"]
        if "MAKEFLAGS" not in os.environ:  # by hand, not by `make test`
            command += [f"BUILD={BUILD}", f"FLAVOUR={os.path.basename(BUILD)}"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return root

    def files(self, root):
        return {os.path.relpath(os.path.join(where, name), root)
                for where, _, names in os.walk(root) for name in names}

    def test_all_is_there_works_and_goes_again(self):
        root = self.make("install")
        self.assertEqual(set(OURS) - self.files(root), set())

        server = os.path.join(root, "usr/bin/echolog-server")
        self.process = subprocess.Popen(
            [server, os.path.join(root, "etc/echolog/echolog.conf"), "--port", "0", "--dir",
             self.path("data"), "--logfile", self.path("log")],
            stdin=subprocess.DEVNULL, env=self.environment(), cwd=self.scratch)
        self.await_text("log", READY)
        cli = os.path.join(root, "usr/bin/echolog-cli")
        self.assertEqual(printed(cli, "-p", str(self.port_in("log")), "PING"), "PONG\n")
        self.process.terminate()
        self.assertEqual(self.wait(), 0)

        self.make("uninstall")
        self.assertEqual(self.files(root), set())
        for directory in ("etc/echolog", "usr/share/doc/echolog"):
            self.assertFalse(os.path.exists(os.path.join(root, directory)), directory)

    def test_a_configuration_that_was_changed_stays(self):
        conf = os.path.join(self.make("install"), "etc/echolog/echolog.conf")
        with open(conf, "a") as f:
            f.write("maxclients 77\n")
        self.make("install")
        root = self.make("uninstall")
        self.assertEqual(self.files(root), {"etc/echolog/echolog.conf"})
        with open(conf) as f:
            self.assertTrue(f.read().endswith("maxclients 77\n"))

    def test_unit_and_configuration_fit_together(self):
        root = self.make("install")
        with open(os.path.join(root, "usr/lib/systemd/system/echolog.service")) as f:
            unit = f.read()
        self.assertIn("\nExecStart=/usr/bin/echolog-server /etc/echolog/echolog.conf --supervised "
                      "systemd --daemonize no\n", unit)
        self.assertNotRegex(unit, "@[A-Z]+@")
        with open(os.path.join(root, "etc/echolog/echolog.conf")) as f:
            conf = f.read()
        self.assertIn("\ndir /var/lib/echolog\n", conf)
        self.assertIn("\nStateDirectory=echolog\n", unit)

    def test_the_service_script_says_what_it_would_do(self):
        root = self.make("install")
        os.makedirs(os.path.join(root, "etc"), exist_ok=True)
        with open(os.path.join(root, "etc/passwd"), "w") as f:
            f.write("root:x:0:0::/root:/bin/sh\n")
        before = self.files(root)
        text = printed(os.path.join(root, "usr/bin/echolog-install-service"), "--dry-run", "--root",
                       root, "--prefix", PREFIX)
        self.assertRegex(text, "would run: useradd .* echolog")
        self.assertIn("would run: mkdir -p", text)
        self.assertTrue(text.endswith("done\n"), text)
        self.assertEqual(self.files(root), before)
        self.assertFalse(os.path.exists(os.path.join(root, "var")))

        with open(os.path.join(root, "etc/passwd"), "a") as f:
            f.write("echolog:x:990:990::/var/lib/echolog:/bin/false\n")
        for name in ("lib", "log"):
            os.makedirs(os.path.join(root, "var", name, "echolog"))
        text = printed(os.path.join(root, "usr/bin/echolog-install-service"), "--dry-run", "--root",
                       root, "--prefix", PREFIX)
        self.assertNotIn("useradd", text)
        self.assertNotIn("mkdir", text)


def tools():
    """What echolog-cli names as its tools."""
    text = printed(os.path.join(BUILD, "echolog-cli"), "--help")
    section = re.search(r"^Tools:\n((?:  .*\n)+)", text, re.MULTILINE).group(1)
    return re.findall(r"^  ([a-z]+) ", section, re.MULTILINE)


class Generated(unittest.TestCase):
    def read(self, *names):
        with open(os.path.join(BUILD, *names)) as f:
            return f.read()

    def programs(self):
        for program, *arguments in (["echolog-server"], ["echolog-cli"], ["echolog-dump"],
                                    ["echolog-bench"],
                                    *(["echolog-cli", tool] for tool in tools())):
            options = options_of(os.path.join(BUILD, program), *arguments)
            self.assertGreater(len(options), 3)
            yield program, options

    def test_every_option_is_in_the_manual_page(self):
        for program, options in self.programs():
            page = self.read("man", program + ".1")
            known = set("-" + name for name in re.findall(r"Fl (-?[a-z0-9-]+)", page))
            self.assertEqual(options - known, set(), program)

    def test_every_directive_is_in_the_manual_page_of_the_file(self):
        page = self.read("man", "echolog.conf.5")
        known = set("--" + name for name in re.findall(r"^\.It Ic (\S+)", page, re.MULTILINE))
        directives = options_of(os.path.join(BUILD, "echolog-server"))
        directives -= {"-h", "--help", "-v", "--version", "--check-config"}
        self.assertGreater(len(directives), 30)
        self.assertEqual(directives - known, set())

    def test_every_option_is_in_the_completions(self):
        bash, zsh = self.read("completions", "echolog.bash"), self.read("completions", "_echolog")
        for program, options in self.programs():
            fish = self.read("completions", program + ".fish")
            for option in options:
                flag = f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
                self.assertRegex(bash, rf"[ ']{option}[ ')]", f"{program} {option}")
                self.assertIn(f"'{option}[", zsh, f"{program} {option}")
                self.assertRegex(fish, rf"{flag} ", f"{program} {option}")

    def complete(self, function, *words):
        """What bash offers for the last word."""
        script = f"""
            . {BUILD}/completions/echolog.bash
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); {function}; echo "${{COMPREPLY[@]}}"
        """
        return printed("bash", "-c", script, "bash", *words).split()

    def test_bash_offers_what_fits(self):
        server, cli = "_echolog_server", "_echolog_cli"
        self.assertEqual(self.complete(server, "echolog-server", "--logf"), ["--logfile"])
        self.assertEqual(self.complete(server, "echolog-server", "--default-ack", ""),
                         ["none", "written", "synced"])
        self.assertIn("GET", self.complete(cli, "echolog-cli", "-p", "7000", "CONFIG", ""))
        self.assertIn("get", self.complete(cli, "echolog-cli", "config", "g"))
        self.assertIn("PSUBSCRIBE", self.complete(cli, "echolog-cli", "PSUB"))
        self.assertEqual(self.complete(cli, "echolog-cli", "consume", "--from-b"),
                         ["--from-beginning"])

    def test_every_command_is_offered(self):
        with open(os.path.join(TREE, "src/commands/commands.def")) as f:
            names = re.findall(r'^(?:COMMAND|CONTAINER)\("([^"|]+)[|"]', f.read(), re.MULTILINE)
        offered = self.complete("_echolog_cli", "echolog-cli", "")
        self.assertGreater(len(set(names)), 20)
        self.assertEqual(set(name.upper() for name in names) - set(offered), set())

    @unittest.skipUnless(shutil.which("fish"), "no fish here")
    def test_fish_offers_what_fits(self):
        script = (f"source {BUILD}/completions/echolog-server.fish; "
                  "complete -C 'echolog-server --loglevel '")
        offered = [line.split("\t")[0] for line in printed("fish", "-c", script).splitlines()]
        self.assertEqual(offered, ["debug", "notice", "verbose", "warning"])


if __name__ == "__main__":
    unittest.main()
