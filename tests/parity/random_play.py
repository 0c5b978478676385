# SPDX-License-Identifier: BSD-3-Clause
"""Random scripts over the commands that both servers have. A seed gives a script, always the same one;
it is played to Redis and to Echolog as any case is.

Some answers have an order that nobody promises (of patterns, of channels when all are left): notes on
those steps say so. What would make the two differ by design is not asked."""

import random

import script

STEPS = 60
SEEDS_DEFAULT = 8
CONNECTIONS = "abcd"
NAMES = ["x", "y", "zz", "x1", "*", "", "a b", "\\x00\\xff"]
PATTERNS = ["x*", "?", "[xy]", "zz", "*z", "x[0-9]", "\\\\*", "[^x]"]
WORDS = ["", "0", "1", "-1", "x", "ON", "off", "yes", "hello", "{40*m}", "a\\r\\nb", "99999999999999999999"]
NUMBERS = ["0", "1", "60", "-1", "x", "1.5", "", "99999999999999999999"]
DIRECTIVES = {"timeout": ["0", "3600", "7200"], "tcp-keepalive": ["0", "300"],
              "slowlog-max-len": ["1", "128"], "maxclients": ["9000", "10000"],
              "loglevel": ["notice", "warning", "verbose"]}


RULES = ["on", "off", "nopass", "resetpass", ">pw", "<pw", "allkeys", "resetkeys", "~x*", "%R~y", "%W~zz",
         "allchannels", "resetchannels", "&x", "&x*", "allcommands", "nocommands", "+@pubsub", "-@pubsub",
         "+@connection", "-@connection", "+@transaction", "-@dangerous", "+ping", "-ping", "+echo",
         "+publish", "-publish", "+client", "+client|id", "-client|id", "+config|get", "+acl|whoami",
         "reset", "clearselectors", "(+ping)", "(+publish &y)", "+nosuch", "-@nosuch", "~", "x", "%X~a"]
USERS = ["u", "v", "default"]


class Author:
    """Writes one script."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, values):
        return self.random.choice(values)

    def some(self, values, most=3):
        return " ".join(f'"{self.pick(values)}"' for _ in range(self.random.randint(1, most)))

    def line(self):
        writer = self.random.choices(
            [self.subscribe, self.publish, self.look, self.transact, self.talk, self.client,
             self.config, self.mistake, self.protocol, self.acl, self.observe],
            [6, 8, 3, 6, 4, 3, 2, 2, 1, 5, 1])[0]
        return f"{self.pick(CONNECTIONS)}: {writer()}"

    def subscribe(self):
        kind = self.pick(["", "P", "S"])
        names = self.some(PATTERNS if kind == "P" else NAMES)
        if self.random.random() < 0.6:
            return f"{kind}SUBSCRIBE {names}"
        return f"{kind}UNSUBSCRIBE {names}"

    def publish(self):
        return f'{self.pick(["PUBLISH", "PUBLISH", "SPUBLISH"])} {self.some(NAMES, 1)} {self.some(WORDS, 1)}'

    def look(self):
        return self.pick([
            "PUBSUB CHANNELS", "PUBSUB NUMPAT", "PUBSUB SHARDCHANNELS",
            f"PUBSUB NUMSUB {self.some(NAMES)}", f"PUBSUB SHARDNUMSUB {self.some(NAMES)}",
            f'PUBSUB CHANNELS {self.some(PATTERNS, 1)}', "CLIENT INFO", "CLIENT LIST",
            "CLIENT LIST TYPE pubsub"])

    def transact(self):
        return self.pick(["MULTI", "MULTI", "EXEC", "EXEC", "DISCARD", "EXEC x", "MULTI x"])

    def talk(self):
        return self.pick(["PING", f"PING {self.some(WORDS, 1)}", f"ECHO {self.some(WORDS, 2)}",
                          "SELECT 0", f'SELECT "{self.pick(["0", "x", "-1", ""])}"', "DBSIZE", "RESET",
                          f"CLIENT SETNAME {self.some(WORDS, 1)}", "CLIENT GETNAME"])

    def client(self):
        return self.pick([
            f"CLIENT REPLY {self.pick(['ON', 'OFF', 'SKIP', 'x'])}",
            f"CLIENT NO-EVICT {self.pick(['on', 'off', 'x'])}",
            f"CLIENT KILL ADDR $addr.{self.pick(CONNECTIONS)}",
            f"CLIENT KILL TYPE pubsub USER {self.pick(['default', 'nobody'])} ADDR $addr.d",
            f'CLIENT KILL ID "{self.pick(NUMBERS)}"', f'CLIENT UNBLOCK "{self.pick(NUMBERS)}"',
            "CLIENT NOSUCH", "CLIENT"])

    def config(self):
        name = self.pick(sorted(DIRECTIVES))
        value = self.pick(DIRECTIVES[name])
        return self.pick([f"CONFIG GET {name}", f"CONFIG SET {name} {value}",
                          f"CONFIG SET {name} {value} timeout {self.pick(['0', '60', 'x'])}",
                          f'CONFIG SET {name} ""', "CONFIG GET", "CONFIG SET timeout"])

    def mistake(self):
        name = self.pick(["PING", "ECHO", "SUBSCRIBE", "PUBLISH", "PUBSUB", "MULTI", "NOSUCH", "CONFIG"])
        count = self.random.randint(0, 4)
        return " ".join([name] + [self.some(WORDS, 1) for _ in range(count)])

    def acl(self):
        """The default user stays as it is, or nobody could say anything."""
        user = self.pick(USERS[:2])
        rules = " ".join(f'"{self.pick(RULES)}"' for _ in range(self.random.randint(1, 4)))
        return self.pick([
            f"ACL SETUSER {user} {rules}", f"ACL SETUSER {user} {rules}", f"ACL SETUSER {user} on nopass",
            f"ACL GETUSER {self.pick(USERS)}", f"ACL DELUSER {user}", "ACL LIST", "ACL USERS", "ACL WHOAMI",
            f"ACL DRYRUN {self.pick(USERS)} {self.talk()}",
            f"ACL DRYRUN {self.pick(USERS)} {self.publish()}",
            f"AUTH {user} pw", f"AUTH {user} pw", "AUTH default x", "ACL CAT nosuch", "ACL NOSUCH"])

    def observe(self):
        return self.pick(["SLOWLOG LEN", "SLOWLOG GET x", "LATENCY LATEST", "LATENCY RESET", "ROLE",
                          "COMMAND INFO nosuch", "COMMAND GETKEYS PING", "MEMORY USAGE x", "TIME x",
                          "CLIENT TRACKINGINFO", "CLIENT GETREDIR", "INFO nosuch"])

    def protocol(self):
        return self.pick(["HELLO 2", "HELLO 3", "HELLO 4", "HELLO x", "HELLO 3 SETNAME joe"])


def notes_of(text):
    """Masks for what differs, and where no order is promised."""
    notes = ["any-order"]
    if "ACL" in text or "EXEC" in text:
        notes.append("rules")
    if "CLIENT" in text or "EXEC" in text:
        notes.append("client")
    if "HELLO" in text or "EXEC" in text:
        notes += ["field", "id", "field", "server", "field", "version"]
    if "PUBSUB" in text and "CHANNELS" in text or "EXEC" in text:
        notes.append("sort-deep")
    return " -> " + " ".join(notes)


def case_of(seed, steps=STEPS):
    author = Author(seed)
    case = script.Case("random", f"seed {seed}", script.Setup(), ["fresh"], 0)
    case.steps = [script.step_of(f"{name}: PING") for name in CONNECTIONS]
    for _ in range(steps):
        text = author.line()
        case.steps.append(script.step_of(text + notes_of(text)))
    return case


def seeds(seed, count):
    if seed is not None:
        return [seed]
    return list(range(1, (count or SEEDS_DEFAULT) + 1))
