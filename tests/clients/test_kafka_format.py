# SPDX-License-Identifier: BSD-3-Clause
"""The files are Kafka's: what Echolog wrote, kafka-python reads from the log file itself; what
kafka-python wrote, put into a partition's directory, Echolog serves."""

import glob
import os
import random
import signal
import struct
import subprocess
import unittest

import redis
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords

from server import Server

NOW_MS = 1_700_000_000_000
BATCH_BYTES = 64 * 1024


class KafkaFormat(unittest.TestCase):
    def setUp(self):
        self.server = Server("--log-retention-ms", "-1")
        self.addCleanup(self.server.close)
        self.client = self.connect()

    def connect(self):
        client = redis.Redis(port=self.server.port, socket_timeout=60)
        self.addCleanup(client.close)
        return client

    def call(self, *words):
        return self.client.execute_command(*words)

    def stop(self):
        self.client.close()
        self.server.process.send_signal(signal.SIGTERM)
        self.server.stopped()

    def start(self):
        self.server.start()
        self.client = self.connect()

    def partition(self, topic):
        return os.path.join(self.server.scratch, "data", topic + "-0")

    def logs(self, topic):
        return sorted(glob.glob(os.path.join(self.partition(topic), "*.log")))

    def batches(self, topic):
        """The batches in the files of a topic, as kafka-python sees them, checked for their sums."""
        batches = []
        for path in self.logs(topic):
            with open(path, "rb") as log:
                data = log.read()
            records = MemoryRecords(data)
            self.assertEqual(records.valid_bytes(), len(data), "the file ends inside a batch")
            for batch in records:
                self.assertEqual(batch.magic, 2)
                self.assertTrue(batch.validate_crc(), f"at offset {batch.base_offset}")
                batches.append(batch)
        return batches

    def read_by_kafka(self, topic):
        """All records as (offset, timestamp, key, value, headers)."""
        found, due = [], 0
        for batch in self.batches(topic):
            self.assertGreaterEqual(batch.base_offset, due)
            records = list(batch)
            self.assertEqual(len(records), batch.records_count)
            self.assertEqual(records[-1].offset, batch.base_offset + batch.last_offset_delta)
            self.assertEqual(max(r.timestamp for r in records), batch.max_timestamp)
            due = records[-1].offset + 1
            found += [(r.offset, r.timestamp, r.key, r.value,
                       [(name.encode(), value) for name, value in r.headers]) for r in records]
        return found

    def read_by_echolog(self, topic, start="EARLIEST"):
        found = []
        while True:
            reply = self.call("FETCH", topic, 0, start, "COUNT", 1000)
            if not reply:
                return found
            found += [(offset, timestamp, key, value, list(zip(headers[::2], headers[1::2])))
                      for offset, timestamp, key, value, headers in reply]
            start = reply[-1][0] + 1

    def dump(self, topic):
        """Has echolog-dump look at all of it."""
        program = os.path.join(os.path.dirname(os.environ["ECHOLOG_SERVER"]), "echolog-dump")
        done = subprocess.run([program, "--deep", self.partition(topic)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)


class TestWrittenByEcholog(KafkaFormat):
    def produce(self, topic, value, key=None, timestamp=NOW_MS, headers=(), offset=0):
        words = ["PRODUCE", topic, value, "TIMESTAMP", timestamp]
        if key is not None:
            words += ["KEY", key]
        for name, content in headers:
            words += ["HEADER", name, content]
        if value is None:
            words[2] = b""
            words.append("TOMBSTONE")
        self.assertEqual(self.call(*words), [0, offset])
        return (offset, timestamp, key, value, list(headers))

    def test_records_of_all_kinds(self):
        every_byte = bytes(range(256))
        kinds = [
            {"value": b"plain"},
            {"value": b"", "key": b""},
            {"value": None, "key": b"deleted"},
            {"value": every_byte, "key": every_byte},
            {"value": b"v", "headers": [(b"trace", b"\x00\xff"), (b"empty", b""), (b"", b"x")]},
            {"value": b"v", "headers": [(b"same", b"1"), (b"same", b"2"), ("ä".encode(), b"3")]},
            {"value": b"x" * 70_000, "key": b"k" * 300},
            {"value": b"early", "timestamp": 0},
            {"value": b"before", "timestamp": NOW_MS - 1_000_000_000},
            {"value": b"behind", "timestamp": NOW_MS + 1},
        ]
        expected = [self.produce("kinds", offset=n, **kind) for n, kind in enumerate(kinds)]
        self.assertEqual(self.read_by_kafka("kinds"), expected)
        self.assertEqual(self.read_by_echolog("kinds"), expected)
        self.stop()
        self.assertEqual(self.read_by_kafka("kinds"), expected)
        self.start()

    def test_many_records_in_few_batches_and_several_segments(self):
        self.call("TOPIC", "CREATE", "many", "CONFIG", "segment.bytes", 1024 * 1024)
        chosen = random.Random(1)
        values = [chosen.randbytes(chosen.randrange(400)) for _ in range(12_000)]
        for start in range(0, len(values), 500):
            self.call("MPRODUCE", "many", "VALUES", *values[start:start + 500])
        self.assertGreater(len(self.logs("many")), 1)
        found = self.read_by_kafka("many")
        self.assertEqual([record[3] for record in found], values)
        self.assertEqual([record[0] for record in found], list(range(len(values))))
        self.assertEqual(found, self.read_by_echolog("many"))

    def test_a_segment_is_named_by_its_first_offset(self):
        self.call("TOPIC", "CREATE", "named", "CONFIG", "segment.bytes", 1024 * 1024)
        for _ in range(40):
            self.call("PRODUCE", "named", b"x" * 100_000)
        paths = self.logs("named")
        self.assertGreater(len(paths), 2)
        for path in paths:
            with open(path, "rb") as log:
                first = MemoryRecords(log.read()).next_batch()
            if first is not None:
                self.assertEqual(os.path.basename(path), f"{first.base_offset:020}.log")

    def test_header_fields_that_producers_leave_open(self):
        self.produce("fields", b"v")
        batch, = self.batches("fields")
        self.assertEqual((batch.producer_id, batch.producer_epoch, batch.base_sequence),
                         (-1, -1, -1))
        self.assertEqual((batch.compression_type, batch.timestamp_type, batch.leader_epoch),
                         (0, 0, 0))
        self.assertFalse(batch.is_transactional or batch.is_control_batch)

    def test_time_of_append(self):
        self.call("TOPIC", "CREATE", "stamped", "CONFIG", "message.timestamp.type",
                  "LogAppendTime")
        self.call("PRODUCE", "stamped", "v")
        batch, = self.batches("stamped")
        self.assertEqual(batch.timestamp_type, 1)
        record, = batch
        self.assertEqual(record.timestamp, self.read_by_echolog("stamped")[0][1])

    def test_the_sum_that_is_checked_is_the_one_that_is_there(self):
        self.produce("spoilt", b"value")
        with open(self.logs("spoilt")[0], "rb") as log:
            data = bytearray(log.read())
        data[-3] ^= 1
        batch = MemoryRecords(bytes(data)).next_batch()
        self.assertFalse(batch.validate_crc())


class TestWrittenByKafka(KafkaFormat):
    def build(self, records, base_offset, producer=(-1, -1, -1)):
        """A batch by kafka-python's builder, with the base offset put in as a broker does."""
        builder = DefaultRecordBatchBuilder(
            magic=2, compression_type=0, is_transactional=False, producer_id=producer[0],
            producer_epoch=producer[1], base_sequence=producer[2], batch_size=BATCH_BYTES)
        for n, (timestamp, key, value, headers) in enumerate(records):
            self.assertIsNotNone(builder.append(n, timestamp, key, value, headers))
        batch = bytearray(builder.build())
        struct.pack_into(">q", batch, 0, base_offset)
        return bytes(batch)

    def put(self, topic, batches):
        """Makes these batches the log of a topic of which nothing else is known."""
        self.call("TOPIC", "CREATE", topic)
        self.stop()
        path, = self.logs(topic)
        for name in os.listdir(self.partition(topic)):
            os.unlink(os.path.join(self.partition(topic), name))
        with open(path, "wb") as log:
            log.write(b"".join(batches))
        self.start()

    KINDS = [
        (NOW_MS, None, b"plain", []),
        (NOW_MS + 5, b"key", None, []),
        (NOW_MS - 5_000, b"", b"", []),
        (NOW_MS + 1, bytes(range(256)), bytes(range(255, -1, -1)), [("trace", b"\x00\xff")]),
        (NOW_MS, b"k", b"v", [("a", None), ("b", b""), ("a", b"again"), ("ä", b"x")]),
    ]

    def as_read(self, records, base_offset):
        return [(base_offset + n, timestamp, key, value,
                 [(name.encode(), content) for name, content in headers])
                for n, (timestamp, key, value, headers) in enumerate(records)]

    def test_records_of_all_kinds(self):
        count = len(self.KINDS)
        self.put("kinds", [self.build(self.KINDS, 0), self.build(self.KINDS[::-1], count)])
        expected = self.as_read(self.KINDS, 0) + self.as_read(self.KINDS[::-1], count)
        self.assertEqual(self.read_by_echolog("kinds"), expected)
        self.assertEqual(self.read_by_echolog("kinds", count - 1), expected[count - 1:])
        self.assertEqual(self.call("FETCH", "kinds", 0, f"@{NOW_MS + 1}", "COUNT", 1)[0][0], 1)
        self.stop()
        self.dump("kinds")
        self.start()

    def test_fields_of_a_producer_with_an_id(self):
        self.put("ids", [self.build(self.KINDS, 0, (4711, 3, 0)),
                         self.build(self.KINDS, len(self.KINDS), (4711, 3, len(self.KINDS)))])
        self.assertEqual(len(self.read_by_echolog("ids")), 2 * len(self.KINDS))
        self.assertEqual([(b.producer_id, b.producer_epoch, b.base_sequence)
                          for b in self.batches("ids")],
                         [(4711, 3, 0), (4711, 3, len(self.KINDS))])

    def test_echolog_goes_on_behind_them_and_kafka_reads_both(self):
        self.put("both", [self.build(self.KINDS, 0)])
        partition, offset = self.call("PRODUCE", "both", "mine", "KEY", "k", "TIMESTAMP", NOW_MS,
                                      "HEADER", "h", "x")
        self.assertEqual(partition, 0)
        self.assertGreaterEqual(offset, len(self.KINDS))
        expected = self.as_read(self.KINDS, 0)
        expected.append((offset, NOW_MS, b"k", b"mine", [(b"h", b"x")]))
        self.assertEqual(self.read_by_kafka("both"), expected)
        self.assertEqual(self.read_by_echolog("both"), expected)
        self.stop()
        self.dump("both")
        self.start()
        self.assertEqual(self.read_by_echolog("both"), expected)

    def test_many_batches_are_indexed_anew(self):
        records = [(NOW_MS + n, b"k%d" % n, b"v" * 100, []) for n in range(100)]
        batches = [self.build(records, base) for base in range(0, 20_000, 100)]
        self.put("many", batches)
        chosen = random.Random(2)
        for _ in range(50):
            offset = chosen.randrange(20_000)
            record = self.call("FETCH", "many", 0, offset, "COUNT", 1)[0]
            self.assertEqual((record[0], record[2]), (offset, b"k%d" % (offset % 100)))
        self.stop()
        index, = glob.glob(os.path.join(self.partition("many"), "*.index"))
        self.assertGreater(os.path.getsize(index), 0)
        self.dump("many")
        self.start()

    def test_a_flipped_bit_in_their_batch_is_noticed(self):
        spoilt = bytearray(self.build(self.KINDS, 0))
        spoilt[-1] ^= 1
        count = len(self.KINDS)
        self.put("spoilt", [bytes(spoilt), self.build(self.KINDS, count)])
        with self.assertRaisesRegex(redis.ResponseError, "CORRUPT"):
            self.call("FETCH", "spoilt", 0, 0)
        self.assertEqual(self.read_by_echolog("spoilt", count), self.as_read(self.KINDS, count))


del KafkaFormat  # it holds no tests of its own

if __name__ == "__main__":
    unittest.main()
