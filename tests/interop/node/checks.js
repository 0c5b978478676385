// SPDX-License-Identifier: BSD-3-Clause

// What programs do with Echolog, by node-redis; run_tests.py says how it is called and what it prints.
"use strict";

const assert = require("assert");
const fs = require("fs");
const redis = require("redis");

const [port, tlsPort, caFile] = process.argv.slice(2);
const WORKERS = 16;
const PATIENT_MS = 30000;

class Checks {
  constructor(over, protocol) {
    this.over = over;
    this.protocol = protocol;
    this.name = `js-${over}-${protocol}`;
    this.opened = [];
  }

  options(more = {}) {
    const socket = this.over === "tls"
      ? { host: "localhost", port: Number(tlsPort), tls: true, ca: fs.readFileSync(caFile) }
      : { host: "localhost", port: Number(port) };
    return { socket, RESP: this.protocol, username: "worker", password: "secret", ...more };
  }

  async connect(more) {
    const client = redis.createClient(this.options(more));
    client.on("error", () => {}); // it comes back by itself
    this.opened.push(client);
    await client.connect();
    return client;
  }

  say(...words) {
    return this.client.sendCommand(words.map(String));
  }

  async hello() {
    const list = await this.say("CLIENT", "LIST");
    assert.ok(String(list).includes(`resp=${this.protocol}`), "the protocol");
  }

  async user() {
    assert.strictEqual(await this.say("ACL", "WHOAMI"), "worker");
    await assert.rejects(this.say("PRODUCE", "forbidden", "x"), /^.*NOPERM/);
    const options = this.options({ password: "wrong" });
    options.socket.reconnectStrategy = false;
    const stranger = redis.createClient(options);
    stranger.on("error", () => {});
    await assert.rejects(stranger.connect(), /WRONGPASS/);
  }

  async pool() {
    const pool = redis.createClientPool(this.options(), { minimum: 2, maximum: WORKERS });
    pool.on("error", () => {});
    await pool.connect();
    const topic = this.name + "-pool";
    await Promise.all(Array.from({ length: 25 * WORKERS }, () =>
      pool.sendCommand(["PRODUCE", topic, "x"])));
    await pool.close();
    assert.strictEqual((await this.say("FETCH", topic, 0, 0)).length, 25 * WORKERS);
  }

  async pipeline() {
    const replies = await Promise.all(Array.from({ length: 1000 }, (_, number) =>
      this.say("PRODUCE", this.name + "-pipeline", number)));
    assert.deepStrictEqual(replies.map((reply) => reply[1]), [...replies.keys()]);
  }

  async multi() {
    const [produced, heard, fetched] = await this.client.multi()
      .addCommand(["PRODUCE", this.name + "-multi", "a"])
      .publish(this.name, "b")
      .addCommand(["FETCH", this.name + "-multi", "0", "0"])
      .exec();
    assert.deepStrictEqual([produced, heard, fetched.length], [[0, 0], 0, 1]);
  }

  // A queue of what a subscription hears.
  heard() {
    const got = [];
    let wake = () => {};
    const take = (message, channel) => { got.push([message, channel]); wake(); };
    const next = async () => {
      while (got.length === 0) {
        await new Promise((resolve) => { wake = resolve; });
      }
      return got.shift();
    };
    return { take, next };
  }

  async pubsub() {
    const listener = await this.connect();
    const { take, next } = this.heard();
    await listener.subscribe(this.name, (message) => take(message, "channel"));
    await listener.pSubscribe(this.name + "*", (message) => take(message, "pattern"));
    await this.client.publish(this.name, "hello");
    assert.deepStrictEqual([await next(), await next()].sort(),
      [["hello", "channel"], ["hello", "pattern"]]);
  }

  async reconnect() {
    const listener = await this.connect({ name: this.name + "-killed" });
    const { take, next } = this.heard();
    await listener.subscribe(this.name, take);
    const line = String(await this.say("CLIENT", "LIST")).split("\n")
      .find((one) => one.includes(` name=${this.name}-killed `));
    assert.strictEqual(await this.say("CLIENT", "KILL", "ID", line.match(/id=(\d+)/)[1]), 1);
    const publishing = setInterval(() => this.client.publish(this.name, "still there"), 50);
    try {
      assert.strictEqual((await next())[0], "still there");
    } finally {
      clearInterval(publishing);
    }
  }

  async log() {
    const topic = this.name + "-log", group = this.name + "-group";
    for (const value of ["a", "b", "c"]) {
      await this.say("PRODUCE", topic, value, "KEY", "k", "HEADER", "h", value);
    }
    const records = await this.say("FETCH", topic, 0, "EARLIEST");
    assert.deepStrictEqual(records.map((record) => record[3]), ["a", "b", "c"]);
    const headers = records[0][4];
    assert.deepStrictEqual(Array.isArray(headers) ? headers : Object.entries(headers).flat(),
      ["h", "a"]);
    const [[name, partition, consumed]] =
      await this.say("CONSUME", group, "m", "BLOCK", 10000, "TOPICS", topic);
    assert.deepStrictEqual([name, partition, consumed.length], [topic, 0, 3]);
    await this.say("COMMIT", group, "m", topic, 0, 3);
    await this.say("GROUP", "LEAVE", group, "m");
  }

  async follow() {
    const topic = this.name + "-follow";
    await this.say("PRODUCE", topic, "a");
    await this.say("PRODUCE", topic, "b");
    const listener = await this.connect();
    const { take, next } = this.heard();
    await listener.pSubscribe(`log:${topic}@earliest`, take);
    const got = [(await next())[0], (await next())[0]];
    await this.say("PRODUCE", topic, "c");
    got.push((await next())[0]);
    assert.deepStrictEqual(got, ["a", "b", "c"]);
  }
}

async function run(over, protocol, check) {
  const said = `${over} resp${protocol} ${check}`;
  const checks = new Checks(over, protocol);
  let late;
  try {
    const tooLate = new Promise((_, reject) => {
      late = setTimeout(() => reject(new Error("it takes too long")), PATIENT_MS);
    });
    const work = async () => {
      checks.client = await checks.connect();
      await checks[check]();
    };
    await Promise.race([work(), tooLate]);
    console.log("ok", said);
  } catch (problem) {
    console.log("not ok", said, problem.message);
  }
  clearTimeout(late);
  checks.opened.forEach((client) => client.destroy());
}

async function main() {
  for (const over of tlsPort === "0" ? ["plain"] : ["plain", "tls"]) {
    for (const protocol of [2, 3]) {
      for (const check of ["hello", "user", "pool", "pipeline", "multi", "pubsub", "reconnect",
        "log", "follow"]) {
        await run(over, protocol, check);
      }
    }
  }
}

main().then(() => process.exit(0));
