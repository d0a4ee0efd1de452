"""Five times what the appliance can serve, for scripts/soak --overload: what is
still done, how the rest is refused, whether administrators get in, and how soon
it is over."""

import json
import os
import statistics
import threading
import time

from bench_servers import EST, BenchError

CAPACITY_S = 4
OVERLOAD_S = 10
RECOVERY_S = 3
TIMES = 5
# More than may be under way: a loader's thread has one request at a time.
THREADS = 3000
KEPT = 1200
TIMEOUT_MS = 5000
SOURCES = [f"127.0.0.{i}" for i in range(21, 29)]
PROBE_PAUSE_S = 0.2
ADMIN_S = 2
RECOVERED_S = 2
GOODPUT = 0.8
# Below that the loader was too slow for an overload.
OFFERED_LEAST = 2
# Of those who were not served, how many may get neither an answer nor a
# refusal.
UNTOLD_SHARE = 0.01

WORK = {
    "new connection + GET eecerts": ["--path", EST + "eecerts"],
    "new connection + enroll": ["--enroll"],
    "keep-alive enroll": ["--enroll", "--keep-alive"],
    "join (PAKE)": ["--pake", "--path", EST + "eecerts"],
}


class Probe(threading.Thread):
    """An administrator on the same host, again and again."""

    def __init__(self, appliance):
        super().__init__(daemon=True)
        self.appliance, self.seconds, self.failed = appliance, [], []
        self.ended = threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(PROBE_PAUSE_S):
            begin = time.monotonic()
            try:
                self.appliance.ctl("status")
            except BenchError as error:
                self.failed.append(str(error))
            self.seconds.append(time.monotonic() - begin)

    def stop(self):
        self.ended.set()
        self.join()


class Overload:
    def __init__(self, options, appliance, loader, log):
        del options
        self.appliance, self.loader, self.log = appliance, loader, log
        self.goals, self.running = [], None

    def load(self, arguments, seconds):
        """With what of a core the server had, and what it did with that."""
        sources = [a for s in SOURCES for a in ("--source", s)]
        arguments = [*arguments, *sources, "--timeout-ms", str(TIMEOUT_MS),
                     *self.loader.credential(arguments)]
        if "--enroll" in arguments:
            arguments += ["--first", str(self.loader.first)]
            self.loader.first += 100000
        cpu = self.appliance.cpu()
        self.running = self.loader.begin(self.appliance.address, arguments,
                                         seconds)
        load = self.loader.finish(self.running)
        cores = self.appliance.cpu().us_since(cpu) / 1e6 / load["seconds"]
        load.update(cores=cores, for_core=load["rate"] / max(cores, 0.001))
        return load

    def goal(self, name, met, value):
        self.goals.append({"goal": name, "met": bool(met), "value": value})

    def one(self, name, arguments):
        peak = self.load([*arguments, "--threads", "32"], CAPACITY_S)
        probe = Probe(self.appliance)
        # Who stays connected waits for an answer before it asks again: what
        # overloads is how many they are.
        n = KEPT if "--keep-alive" in arguments else THREADS
        over = self.load([*arguments, "--threads", str(n), "--csrs", str(n),
                          "--rate", f"{TIMES * peak['rate']:.1f}"],
                         OVERLOAD_S)
        ended, back_s = time.monotonic(), None
        while back_s is None and time.monotonic() < ended + 20:
            one = self.load([*arguments, "--threads", "1", "--csrs", "20"],
                            0.2)
            if one["requests"] and not one["n_errors"]:
                back_s = time.monotonic() - ended
        after = self.load([*arguments, "--threads", "32"], RECOVERY_S)
        probe.stop()
        self.judge(name, peak, over, after, back_s, probe)
        return {"peak": peak, "overload": over, "after": after,
                "recovery_s": back_s, "admin_s": probe.seconds,
                "admin_failed": probe.failed}

    def judge(self, name, peak, over, after, back_s, probe):
        errors = over["errors"]
        offered = (over["requests"] + over["n_errors"]) / over["seconds"]
        times = offered / peak["rate"]
        kept = "keep-alive" in name
        self.goal(f"{name}: overloaded", kept or times >= OFFERED_LEAST,
                  f"by {KEPT} connections" if kept
                  else f"{times:.1f} x {peak['rate']:,.0f}/s")
        # The loader takes its part of the same machine.
        share = over["for_core"] / peak["for_core"]
        self.goal(f"{name}: goodput for a core of the server at least "
                  f"{GOODPUT:g} x the peak's", share >= GOODPUT,
                  f"{share:.2f} ({over['rate']:,.0f}/s with "
                  f"{over['cores']:.2f} cores, {peak['rate']:,.0f}/s with "
                  f"{peak['cores']:.2f})")
        untold = errors["timeout"] + errors["body"] + sum(
            n for status, n in errors["status"].items() if status != "503")
        untold += errors["status"].get("503", 0) - over["retry_after"]
        self.goal(f"{name}: the excess is refused, or told 503 and when",
                  untold <= UNTOLD_SHARE * max(over["n_errors"], 1)
                  and (kept or over["n_errors"] > 0),
                  f"{untold} of {over['n_errors']:,} were not; "
                  f"{over['retry_after']:,} got 503 and Retry-After")
        slowest = max(probe.seconds, default=None)
        self.goal(f"{name}: administrators within {ADMIN_S} s",
                  not probe.failed and slowest is not None
                  and slowest <= ADMIN_S,
                  f"{len(probe.seconds)} times, median "
                  f"{statistics.median(probe.seconds):.2f} s, slowest "
                  f"{slowest:.2f} s; {len(probe.failed)} failed")
        share = after["for_core"] / peak["for_core"]
        self.goal(f"{name}: back within {RECOVERED_S} s",
                  back_s is not None and back_s <= RECOVERED_S
                  and after["n_errors"] == 0 and share >= GOODPUT,
                  f"{back_s:.1f} s; then {share:.2f} x, "
                  f"{after['n_errors']} errors" if back_s else "never")

    def run(self):
        result = {}
        for name, arguments in WORK.items():
            self.log(f"overload: {name}")
            result[name] = self.one(name, arguments)
        return {"work": result, "goals": self.goals}

    def stop(self):
        if self.running and self.running.poll() is None:
            self.running.terminate()
            self.running.wait()


def print_overload(result):
    print(f"{'work':32}{'':10}{'done/s':>9}{'p50 ms':>9}{'p99 ms':>9}"
          f"{'late ms':>9}  errors")
    for name, work in result["work"].items():
        for what in ("peak", "overload", "after"):
            load = work[what]
            errors = {k: v for k, v in load["errors"].items() if v}
            print(f"{name if what == 'peak' else '':32}{what:10}"
                  f"{load['rate']:>9,.0f}"
                  f"{load['latency_us']['p50'] / 1000:>9.1f}"
                  f"{load['latency_us']['p99'] / 1000:>9.1f}"
                  f"{load['behind_us'] / 1000:>9.1f}"
                  f"  {json.dumps(errors) if errors else 'none'}")
    print(f"\n{os.cpu_count()} cores, which the loader shares")
