# SPDX-License-Identifier: BSD-3-Clause
"""echolog-dump over what a server has left that was killed while its journal had what was acknowledged."""

import json
import os
import socket
import subprocess
import unittest

import server

PARTITIONS = 40
RECORDS = 20


class TestJournal(unittest.TestCase):
    def setUp(self):
        self.server = server.Server()
        self.addCleanup(self.server.close)
        self.data = os.path.join(self.server.scratch, "data")

    def converse(self, lines):
        """Sends all lines at once; what comes back, up to the reply to the PING behind them."""
        with socket.create_connection(("127.0.0.1", self.server.port), server.DEADLINE_S) as s:
            s.sendall("".join(line + "\r\n" for line in lines + ["PING"]).encode())
            said = b""
            while not said.endswith(b"+PONG\r\n"):
                more = s.recv(65536)
                self.assertTrue(more, said)
                said += more
        return said.decode()

    def produce_to_many(self):
        said = self.converse(["TOPIC CREATE many PARTITIONS %d" % PARTITIONS])
        self.assertTrue(said.startswith("+OK"), said)
        for i in range(RECORDS):
            said = self.converse(["PRODUCE many value-%d PARTITION %d ACK SYNCED" % (i, n)
                                  for n in range(PARTITIONS)])
            self.assertNotIn("-ERR", said)
            self.assertEqual(said.count(":%d\r\n" % i), PARTITIONS + (PARTITIONS > i), said)

    def dump(self, *arguments):
        program = os.path.join(os.path.dirname(os.environ["ECHOLOG_SERVER"]), "echolog-dump")
        done = subprocess.run([program, "--json", *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def log_that_ends_with_an_entry(self):
        """A log whose newest bytes are in the journal, its path below the directory, and what the journal has last of it.
        Others may have got a sync of their own since."""
        status, lines = self.dump("--batches", self.data)
        self.assertEqual(status, 0, lines)
        newest = {e["directory"]: e for e in lines if e["type"] == "journal_entry"}
        for directory, entry in newest.items():
            path = os.path.join(directory, "%020d.log" % entry["segment"])
            end = entry["segment_pos"] + entry["bytes"]
            if os.path.getsize(os.path.join(self.data, path)) == end:
                return path, entry
        self.fail(newest)

    def test_what_only_the_journal_has_is_no_damage_and_is_there_after_the_start(self):
        self.produce_to_many()
        self.server.kill()
        status, lines = self.dump("--deep", self.data)
        self.assertEqual(status, 0, lines)
        self.assertGreaterEqual(lines[-1]["journal_files"], 1)
        self.assertGreaterEqual(lines[-1]["journal_rounds"], 1)
        path, entry = self.log_that_ends_with_an_entry()
        os.truncate(os.path.join(self.data, path), entry["segment_pos"] + 1)
        status, lines = self.dump("--deep", self.data)
        self.assertEqual(status, 0, lines)
        notes = [line for line in lines if line["type"] == "note"]
        self.assertEqual(len(notes), 1, notes)
        self.assertEqual(notes[0]["path"], path)
        self.assertIn("%d bytes from byte %d on are in the journal only"
                      % (entry["bytes"] - 1, entry["segment_pos"] + 1), notes[0]["text"])
        self.server.start()
        partition = entry["directory"].rpartition("-")[2]
        said = self.converse([f"FETCH many {partition} EARLIEST COUNT 1000"])
        for i in range(RECORDS):
            self.assertIn("value-%d\r\n" % i, said)

    def test_a_server_may_be_running(self):
        self.produce_to_many()
        status, lines = self.dump("--deep", self.data)
        self.assertEqual(status, 0, lines)
        self.assertEqual([line for line in lines if line["type"] == "error"], [])


if __name__ == "__main__":
    unittest.main()
