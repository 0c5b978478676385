# SPDX-License-Identifier: BSD-3-Clause
"""What operators look at, through redis-py and redis-cli: INFO, SLOWLOG, LATENCY, MEMORY, MONITOR, COMMAND."""

import subprocess
import threading
import unittest

import redis

from server import Server

# What redis_exporter and the usual dashboards read.
EXPECTED = {
    "server": ["redis_version", "redis_mode", "os", "process_id", "run_id", "tcp_port", "uptime_in_seconds"],
    "clients": ["connected_clients", "blocked_clients", "maxclients", "client_recent_max_input_buffer",
                "client_recent_max_output_buffer", "tracking_clients", "clients_in_timeout_table"],
    "memory": ["used_memory", "used_memory_rss", "used_memory_peak", "used_memory_overhead",
               "used_memory_startup", "used_memory_dataset", "allocator_allocated", "allocator_active",
               "allocator_resident", "total_system_memory", "maxmemory", "maxmemory_policy",
               "mem_fragmentation_ratio", "mem_clients_normal", "mem_allocator"],
    "persistence": ["loading", "rdb_changes_since_last_save", "rdb_last_save_time", "aof_enabled",
                    "rdb_last_bgsave_status", "aof_last_write_status"],
    "stats": ["total_connections_received", "total_commands_processed", "instantaneous_ops_per_sec",
              "total_net_input_bytes", "total_net_output_bytes", "instantaneous_input_kbps",
              "instantaneous_output_kbps", "rejected_connections", "expired_keys", "evicted_keys",
              "evicted_clients", "keyspace_hits", "keyspace_misses", "pubsub_channels", "pubsub_patterns",
              "latest_fork_usec", "total_error_replies", "unexpected_error_replies",
              "total_reads_processed", "total_writes_processed"],
    "replication": ["role", "connected_slaves", "master_replid", "master_repl_offset",
                    "second_repl_offset", "repl_backlog_active"],
    "cpu": ["used_cpu_sys", "used_cpu_user", "used_cpu_sys_main_thread"],
    "cluster": ["cluster_enabled"],
    "log": ["topics", "partitions", "records_appended", "log_syncs", "log_sync_usec", "log_write_usec"],
}


class Round:
    protocol = 0

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--enable-debug-command", "local")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def connect(self, **more):
        client = redis.Redis(host="127.0.0.1", port=self.server.port, protocol=self.protocol,
                             socket_timeout=30, decode_responses=True, **more)
        self.addCleanup(client.close)
        return client

    def setUp(self):
        self.client = self.connect()

    def test_info_has_what_dashboards_read(self):
        for section, names in EXPECTED.items():
            info = self.client.info(section)
            for name in names:
                self.assertIn(name, info, section)

    def test_info_counts_commands_errors_and_time(self):
        self.client.config_resetstat()
        for _ in range(10):
            self.client.publish("channel", "message")
        with self.assertRaises(redis.ResponseError):
            self.client.execute_command("NOSUCH")
        stats = self.client.info("commandstats")["cmdstat_publish"]
        self.assertEqual(stats["calls"], 10)
        self.assertGreater(stats["usec_per_call"], 0)
        self.assertEqual(self.client.info("errorstats")["errorstat_ERR"]["count"], 1)
        percentiles = self.client.info("latencystats")["latency_percentiles_usec_publish"]
        self.assertEqual(set(percentiles), {"p50", "p99", "p99.9"})
        self.assertLessEqual(percentiles["p50"], percentiles["p99.9"])
        everything = self.client.info("everything")
        self.assertIn("cmdstat_publish", everything)
        self.assertEqual(everything["total_error_replies"], 1)

    def test_slow_log(self):
        self.client.client_setname("snail")
        self.client.execute_command("DEBUG", "SLEEP", "0.02")
        entry = self.client.slowlog_get(1)[0]
        self.assertEqual(entry["command"], "DEBUG SLEEP 0.02" if isinstance(entry["command"], str)
                         else b"DEBUG SLEEP 0.02")
        self.assertGreaterEqual(entry["duration"], 20000)
        self.assertIn("snail", (entry["client_name"], entry["client_name"].decode()
                                if isinstance(entry["client_name"], bytes) else ""))
        self.assertGreaterEqual(self.client.slowlog_len(), 1)
        self.assertTrue(self.client.slowlog_reset())
        self.assertEqual(self.client.slowlog_len(), 0)

    def test_latency(self):
        self.client.config_set("latency-monitor-threshold", 10)
        self.addCleanup(self.client.config_set, "latency-monitor-threshold", 0)
        self.client.execute_command("DEBUG", "SLEEP", "0.03")
        latest = {event[0]: event for event in self.client.execute_command("LATENCY", "LATEST")}
        self.assertGreaterEqual(latest["command"][2], 30)
        self.assertGreaterEqual(latest["tick"][3], 30)
        self.assertEqual(len(self.client.execute_command("LATENCY", "HISTORY", "command")), 1)
        self.assertIn("command", self.client.execute_command("LATENCY", "DOCTOR"))
        self.assertGreaterEqual(self.client.execute_command("LATENCY", "RESET"), 2)

    def test_latency_histogram(self):
        self.client.execute_command("ECHO", "x")
        reply = self.client.execute_command("LATENCY", "HISTOGRAM", "echo")
        histogram = reply["echo"] if isinstance(reply, dict) else dict(
            zip(reply[1][::2], reply[1][1::2]))
        steps = histogram["histogram_usec"]
        counts = list(steps.values()) if isinstance(steps, dict) else steps[1::2]
        self.assertEqual(counts, sorted(counts))
        self.assertEqual(counts[-1], histogram["calls"])

    def test_memory(self):
        self.client.execute_command("TOPIC", "CREATE", "memory", "IF", "NOT", "EXISTS")
        stats = self.client.memory_stats()
        self.assertGreater(stats["total.allocated"], 0)
        self.assertGreater(stats["keys.count"], 0)
        self.assertGreater(self.client.memory_usage("memory"), 0)
        self.assertIsNone(self.client.memory_usage("nosuch"))
        self.assertTrue(self.client.memory_purge())
        self.assertTrue(self.client.execute_command("MEMORY", "DOCTOR"))
        self.assertTrue(self.client.execute_command("MEMORY", "MALLOC-STATS"))

    def test_monitor(self):
        other = self.connect()
        seen = []
        with self.client.monitor() as monitor:
            other.publish("channel", "two words")
            other.execute_command("ECHO", "end")
            for command in monitor.listen():
                seen.append(command["command"])
                if command["command"].startswith("ECHO"):
                    break
        self.assertIn("PUBLISH channel two words", seen)

    def test_command(self):
        commands = self.client.command()
        self.assertIn("produce", commands)
        self.assertEqual(self.client.command_getkeys("PRODUCE", "t", "v"), ["t"])
        self.assertEqual(self.client.command_getkeysandflags("PRODUCE", "t", "v")[0][0], "t")
        self.assertEqual(self.client.command_count(), len(commands))
        self.assertEqual(sorted(self.client.command_list()), sorted(commands))
        docs = self.client.execute_command("COMMAND DOCS")
        self.assertEqual(len(docs), len(commands) * (1 if isinstance(docs, dict) else 2))

    def test_the_rest(self):
        self.assertEqual(self.client.role()[0], "master")
        self.assertEqual(self.client.wait(0, 0), 0)
        self.assertEqual(self.client.wait(1, 10), 0)
        self.assertIn("Echolog ver.", self.client.lolwut())


class TestInsightResp2(Round, unittest.TestCase):
    protocol = 2


class TestInsightResp3(Round, unittest.TestCase):
    protocol = 3


class TestRedisCliLooks(unittest.TestCase):
    """What redis-cli has modes for."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def cli(self, *words, timeout=60):
        return subprocess.run(["redis-cli", "-p", str(self.server.port), *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=timeout, check=False).stdout

    def test_info_and_latency_reports_are_shown_as_text(self):
        self.assertIn("\nconnected_clients:1\n", self.cli("INFO").replace("\r", ""))
        self.assertIn("disabled", self.cli("-3", "LATENCY", "DOCTOR"))
        self.assertTrue(self.cli("SLOWLOG", "HELP").startswith("SLOWLOG <subcommand>"))
        self.assertTrue(self.cli("LATENCY", "HELP").startswith("LATENCY <subcommand>"))
        self.assertTrue(self.cli("MEMORY", "HELP").startswith("MEMORY <subcommand>"))

    def test_monitor(self):
        monitor = subprocess.Popen(["redis-cli", "-p", str(self.server.port), "MONITOR"],
                                   stdout=subprocess.PIPE, text=True)
        watchdog = threading.Timer(60, monitor.kill)
        watchdog.start()
        self.assertEqual(monitor.stdout.readline(), "OK\n")
        self.cli("PUBLISH", "channel", "hello")
        line = monitor.stdout.readline()
        while '"PUBLISH"' not in line and line:
            line = monitor.stdout.readline()
        monitor.kill()
        monitor.wait()
        monitor.stdout.close()
        watchdog.cancel()
        self.assertRegex(line, r'^\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "PUBLISH" "channel" "hello"\n$')


if __name__ == "__main__":
    unittest.main()
