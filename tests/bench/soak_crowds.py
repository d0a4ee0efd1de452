"""Crowds and floods, for scripts/soak --crowds: what a client that comes alone
from another address sees beside them."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "system"))

# pylint: disable=wrong-import-position
from bench_servers import memory  # noqa: E402
from crowd_lib import FLOODS, GOING, Crowd  # noqa: E402

IDLE = 10000
IDLE_SOURCES = [f"127.0.1.{i}" for i in range(1, 11)]
SOURCE, OTHER = "127.0.0.5", "127.0.0.9"
SECONDS = 3
TIMES = 2
TRIES = 2
# For the connections that are held: three descriptors each, and some.
DESCRIPTORS_EACH = 3
DESCRIPTORS_SPARE = 128
SETTINGS = [f"server.max_connections={IDLE}",
            f"server.max_per_source={IDLE // 5}",
            # Opening them all takes longer than the default of 30 s.
            "server.idle_timeout=600s"]


class Crowds:
    def __init__(self, options, appliance, loader, log):
        del options
        self.appliance, self.loader, self.log = appliance, loader, log
        self.crowd = Crowd(appliance.build, appliance.address, appliance.root)
        self.goals, self.rows = [], []

    def connections(self):
        return json.loads(
            self.appliance.ctl("--json", "status"))["connections"] - 1

    def judge(self, name, measure, detail=""):
        """Again when it is missed: others use the machine, too."""
        for _ in range(TRIES):
            usual, beside, errors = measure()
            met = beside <= TIMES * usual and not errors
            if met:
                break
        self.rows.append({"crowd": name, "usual_ms": usual,
                          "beside_ms": beside, "errors": errors})
        self.goals.append({
            "goal": f"{name}: others within twice the usual time",
            "met": met, "value": f"{beside:.2f} ms, {usual:.2f} usually, "
            f"{errors} errors{detail}"})

    def idle(self):
        """Each has made a request, and says nothing more."""
        self.log(f"{IDLE:,} idle connections")
        before = memory(self.appliance.pids)
        sources = [a for s in IDLE_SOURCES for a in ("--source", s)]

        def measure():
            _, _, usual = self.crowd.fresh(OTHER, SECONDS)
            end = self.loader.hold(self.appliance.address, IDLE,
                                   ["--keep-alive", *sources])
            self.held = self.connections()
            self.grown_kb = memory(self.appliance.pids)[0] - before[0]
            n, errors, beside = self.crowd.fresh(OTHER, SECONDS)
            end()
            return usual, beside, errors if n else errors + 1
        self.judge(f"{IDLE:,} idle connections", measure)
        self.goals[-1]["value"] += (
            f"; {self.held:,} held, {self.grown_kb / max(self.held, 1):.1f} "
            "KB each")
        # As many as there are descriptors for; the oldest of the others gave
        # way.
        fit = (self.appliance.descriptors() - DESCRIPTORS_SPARE) \
            // DESCRIPTORS_EACH
        least = min(IDLE, fit) * 0.95
        self.goals.append({
            "goal": f"{IDLE:,} idle connections: all are held for which there "
            "are descriptors", "met": self.held >= least,
            "value": f"{self.held:,}, descriptors for {fit:,}"})

    def run(self):
        self.idle()
        for name in [*FLOODS, "full_handshakes"]:
            self.log(f"crowd: {name}")
            self.judge(name, lambda name=name: self.crowd.beside(
                name, SOURCE, OTHER,
                lambda: self.connections() >= GOING, SECONDS))
        return {"crowds": self.rows, "goals": self.goals}

    def stop(self):
        """Each flood was ended where it began."""


def print_crowds(result):
    print(f"{'crowd':32}{'usual ms':>10}{'beside ms':>10}{'errors':>8}")
    for row in result["crowds"]:
        print(f"{row['crowd']:32}{row['usual_ms']:>10.2f}"
              f"{row['beside_ms']:>10.2f}{row['errors']:>8}")
