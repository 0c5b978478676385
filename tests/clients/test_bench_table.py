# SPDX-License-Identifier: BSD-3-Clause
"""The table that `make bench` prints, and the curves: that they say what was measured, and see a target that is missed.
What the figures are is nothing to test."""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.dirname(os.environ["ECHOLOG_SERVER"])
BENCH = os.path.join(TREE, "utils", "bench")

sys.path.insert(0, BENCH)
sys.dont_write_bytecode = True
import rows
import table


def measured(rate, cpu):
    return {"rate": rate, "cpu": cpu, "peak": 10.0, "own": 0.5}


def shown(row, results):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        counts = table.print_table([row], {row.name: results})
    return out.getvalue(), counts


class TestTargets(unittest.TestCase):
    def test_a_target_is_met_at_its_limit_and_missed_beside_it(self):
        row = rows.publish()
        floor = measured(3000, 1.0)
        text, counts = shown(row, {"echolog": measured(1400, 1.3), "redis": measured(1000, 2), "floor": floor})
        self.assertEqual(counts, (2, 2))
        self.assertNotIn("MISSED", text)
        text, counts = shown(row, {"echolog": measured(1399, 1.31), "redis": measured(1000, 2), "floor": floor})
        self.assertEqual(counts, (0, 2))
        self.assertEqual(text.count("MISSED"), 2)

    def test_who_is_not_installed_is_not_judged_by(self):
        text, counts = shown(rows.publish(), {"echolog": measured(1400, 1.3), "redis": None,
                                              "floor": measured(3000, 1.0)})
        self.assertEqual(counts, (1, 1))
        self.assertIn("(not installed)", text)
        self.assertIn("is not here", text)

    def test_ratios_are_those_of_the_first(self):
        text, _ = shown(rows.publish(), {"echolog": measured(3000, 1.0), "redis": measured(1000, 4.0), "floor": None})
        self.assertRegex(text, r"redis +1,000 +4\.000 +10\.0 +3\.00 +0\.25")

    def test_a_load_that_was_the_bottleneck_is_marked(self):
        row = rows.fan_out(1)
        text, _ = shown(row, {"echolog": dict(measured(3000, 1.0), own=0.99), "redis": measured(1000, 4.0)})
        self.assertIn(">3,000", text)

    def test_every_row_has_somebody_and_something_to_aim_at(self):
        names = [row.name for row in rows.all_rows()]
        self.assertEqual(len(names), len(set(names)))
        for row in rows.all_rows():
            self.assertTrue(row.contenders and row.targets and row.title, row.name)
        with open(os.path.join(BENCH, "README.md"), encoding="utf-8") as readme:
            text = readme.read()
        for name in names:
            self.assertIn(name.split("-")[0], text)


class TestRuns(unittest.TestCase):
    def run_script(self, script, *words):
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            done = subprocess.run([os.path.join(BENCH, script), BUILD, "--json", out.name, *words],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  timeout=300, check=False)
            self.assertEqual(done.returncode, 0, (done.stdout, done.stderr))
            return json.load(out), done.stdout

    def test_rows_of_each_kind(self):
        """A rate, deliveries, a latency, a start; with Redis, which the tests have."""
        names = ("publish", "fan-out-10", "latency-written", "idle")
        result, text = self.run_script("run", "--rounds", "1", "--seconds", "0.2", *names)
        medians = result["medians"]
        self.assertEqual(set(medians), {"publish", "fan-out-10", "fan-out-100", "fan-out-1000", "latency-written", "idle"})
        for name in ("echolog", "redis", "floor"):
            self.assertGreater(medians["publish"][name]["rate"], 0)
            self.assertGreater(medians["publish"][name]["cpu"], 0)
            self.assertIn("p999", medians["publish"][name])
        self.assertGreater(medians["latency-written"]["redis everysec"]["p99"], 0)
        self.assertGreater(medians["idle"]["echolog"]["start_ms"], 0)
        self.assertIn("targets met", text)

    def test_curves(self):
        result, text = self.run_script("curves", "--seconds", "0.1", "--most", "10", "channels", "patterns", "groups")
        for name in ("channels", "patterns", "groups"):
            self.assertEqual(result[name]["x"], [1, 10])
            self.assertTrue(all(point["cpu"] > 0 for point in result[name]["echolog"]))
        self.assertIn("x first", text)


if __name__ == "__main__":
    unittest.main()
