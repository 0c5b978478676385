# SPDX-License-Identifier: BSD-3-Clause
"""Runs the cases against redis-server and echolog-server and compares. README.md says how."""

import argparse
import concurrent.futures
import os
import sys
import traceback

import differences
import filters
import random_play
import script
from player import Player
from servers import Echolog, Redis

WORKERS = 2


class Pair:
    """Both servers, started alike."""

    def __init__(self, setup):
        self.players = []
        try:
            for kind in (Redis, Echolog):
                self.players.append(Player(kind(setup)))
        except Exception:
            self.close()
            raise

    def play(self, case, protocol):
        return [self.play_one(player, case, protocol)[0] for player in self.players]

    @staticmethod
    def play_one(player, case, protocol, counts=None):
        came = player.play(case, protocol, counts)
        trouble = player.server.trouble()
        if trouble:
            raise RuntimeError(trouble)
        return filters.transcript(case, player, came), came

    def play_in_turn(self, case, protocol):
        """A script that does not know what is answered: Redis has the time until all is still, and the
        other one as long as it takes to bring as much."""
        redis, echolog = self.players
        said, came = self.play_one(redis, case, protocol, [0] * len(case.steps))
        counts = [sum(1 for name, (kind, _) in frames if name == step.connection and kind != "closed")
                  for step, (_, frames) in zip(case.steps, came)]
        return [said, self.play_one(echolog, case, protocol, counts)[0]]

    def close(self):
        for player in self.players:
            player.close()
            player.server.close()


class AreaRun:
    """All cases of one area in one protocol, in order; servers are started anew where the set-up
    changes, around a case that is marked so, and after one that went wrong."""

    def __init__(self, protocol):
        self.protocol = protocol
        self.pair = None
        self.setup = None

    def play(self, case):
        fresh = "fresh" in case.flags
        if fresh or self.setup is not case.setup:
            self.drop()
        if self.pair is None:
            self.pair, self.setup = Pair(case.setup), case.setup
        try:
            return self.pair.play(case, self.protocol)
        finally:
            if fresh:
                self.drop()

    def drop(self):
        pair, self.pair = self.pair, None
        if pair:
            pair.close()


def run_area(area, protocol, only):
    """A list of (name, transcripts or None, what went wrong)."""
    run, results = AreaRun(protocol), []
    for case in script.read_area(area):
        name = case.name(protocol)
        if protocol not in case.protocols or (only and only not in name):
            continue
        try:
            results.append((name, run.play(case), ""))
        except Exception:
            results.append((name, None, traceback.format_exc(limit=4)))
            try:
                run.drop()
            except Exception:
                run.pair = None
    try:
        run.drop()
    except Exception:
        results.append((f"{area}/(stop) (RESP{protocol})", None, traceback.format_exc(limit=2)))
    return results


def run_seed(seed):
    """The same for a random script."""
    case, protocol = random_play.case_of(seed), script.PROTOCOLS[seed % 2]
    pair = None
    try:
        pair = Pair(case.setup)
        return [(case.name(protocol), pair.play_in_turn(case, protocol), "")]
    except Exception:
        return [(case.name(protocol), None, traceback.format_exc(limit=4))]
    finally:
        if pair:
            pair.close()


def show(transcripts):
    for server, steps in zip(("redis", "echolog"), transcripts):
        print(f"  --- {server}")
        for step, lines in steps:
            print("\n".join([f"    {step}"] + [f"      {line}" for line in lines]))


def judge(results, entries, options):
    """Prints what is wrong; the numbers of good and bad."""
    passed = failed = 0
    for name, transcripts, wrong in results:
        if transcripts is None:
            print(f"FAIL {name}\n{wrong}")
            failed += 1
            continue
        if options.show:
            print(name)
            show(transcripts)
        diff, unexplained = differences.compare(name, *transcripts, entries)
        if unexplained:
            print("\n".join([f"FAIL {name}"] + diff), flush=True)
        failed += unexplained
        passed += not unexplained
    return passed, failed


def judge_entries(entries, areas, complete):
    """An entry that explains nothing any more has to go; known only where all of its cases ran."""
    failed = 0
    for entry in entries:
        if not (complete or entry.areas() <= set(areas)):
            continue
        for what, glob in entry.unused():
            print(f"FAIL differences.toml: nothing matches {what} = {glob!r} of the entry for "
                  f"{entry.cases} {entry.steps}")
            failed += 1
    return failed


def options_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("areas", nargs="*", help="all when none is named")
    parser.add_argument("--only", help="cases whose name has this in it")
    parser.add_argument("--show", action="store_true", help="print what both servers said")
    parser.add_argument("--seed", type=int, help="the random scripts: only this seed")
    parser.add_argument("--seeds", type=int, default=None, help="how many seeds")
    return parser.parse_args(arguments)


def missing_redis():
    """Without Redis nothing can be compared. A CI run must not pass for that."""
    print("redis-server is not here: 'deps/install.sh test' installs it")
    in_ci = os.environ.get("CI", "") not in ("", "0", "false")
    print("0 passed, 1 failed" if in_ci else "0 passed, 0 failed, 1 skipped")
    return 1 if in_ci else 0


def main(arguments):
    options = options_of(arguments)
    if not Redis.program:
        return missing_redis()
    areas = options.areas or script.areas() + ["random"]
    entries = differences.load()
    passed = failed = 0
    with concurrent.futures.ProcessPoolExecutor(WORKERS) as pool:
        jobs = [pool.submit(run_area, area, protocol, options.only)
                for area in areas if area != "random" for protocol in script.PROTOCOLS]
        if "random" in areas and not options.only:
            jobs += [pool.submit(run_seed, seed)
                     for seed in random_play.seeds(options.seed, options.seeds)]
        for job in jobs:
            good, bad = judge(job.result(), entries, options)
            passed, failed = passed + good, failed + bad
    if not options.only:
        failed += judge_entries(entries, areas, not options.areas)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
