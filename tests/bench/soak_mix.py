"""The mixed work of scripts/soak: loaders, people, devices and administrators
at a share of the capacity, samples of what the appliance takes meanwhile, and
the judgement."""

import collections
import itertools
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import threading
import time
import urllib.request

from bench_servers import (EST, IDENTITY, NAME, PASSWORD, BenchError, Machine,
                           Server, free_port, read)

CAPACITY_S = 4
TRY_S = 20
# As tree() finds them.
PROCESSES = ("estuaryd", "keeper", "signer")
SAMPLE_S = 1
TENTHS = 10
WRONG_CODES_A_SECOND = 0.4
ADMIN_PAUSE_S = 1
DEVICE_PAUSE_S = 3
JOIN_PAUSE_S = 5
PATIENCE_S = 60
# What counts as flat: how the least of the samples of the second half rises.
# Memory: anonymous pages, which are all that a leak can be.
MEMORY_KB_A_MINUTE = 64
DESCRIPTORS_A_MINUTE = 1
# p99 of the second half beside the first one's.
P99_RATIO = 1.5
# p99 of the worst minute beside the median minute's, behind the start.
P99_MINUTE_RATIO = 5
WARM_UP_MINUTES = 2

# What loaders do: the part of the capacity that each kind gets.
KINDS = {
    "eecerts, new connection": (0.20, ["--path", EST + "eecerts"]),
    "eecerts, keep-alive": (0.10, ["--path", EST + "eecerts",
                                   "--keep-alive"]),
    "join (PAKE)": (0.20, ["--pake", "--path", EST + "eecerts"]),
    "enroll, new connection": (0.20, ["--enroll"]),
    "enroll, keep-alive": (0.15, ["--enroll", "--keep-alive"]),
    "re-enroll": (0.15, ["--enroll", "--path", EST + "simplereenroll"]),
}
# Each kind's loader comes from an address of its own.
FIRST_SOURCE = 11


def slope(points):
    """The median of the slopes between any two, per second (Theil and Sen)."""
    slopes = [(y2 - y1) / (x2 - x1)
              for (x1, y1), (x2, y2) in itertools.combinations(points, 2)]
    return statistics.median(slopes) if slopes else 0.0


def floor_of(points):
    """The least in each tenth: what comes and goes, such as the 32 MB of a
    password's scrypt, is above that, and what leaks is not."""
    n = min(len(points), TENTHS)
    ends = [len(points) * i // n for i in range(n + 1)] if n else []
    return [min(points[i:j], key=lambda p: p[1])
            for i, j in itertools.pairwise(ends)]


class Errors:
    """What failed, by kind, with the first example."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts, self.first = {}, {}

    def add(self, kind, text, n=1):
        with self.lock:
            self.counts[kind] = self.counts.get(kind, 0) + n
            self.first.setdefault(kind, text)


class Repeated(threading.Thread):
    """Does something again and again until it is told to stop."""

    def __init__(self, name, errors, pause_s, step):
        super().__init__(daemon=True, name=name)
        self.errors, self.pause_s, self.step = errors, pause_s, step
        self.done, self.seconds = 0, []
        self.ended = threading.Event()
        self.start()

    def run(self):
        for i in itertools.count():
            begin = time.monotonic()
            try:
                self.step(i)
                self.done += 1
                self.seconds.append(time.monotonic() - begin)
            except (BenchError, OSError,
                    subprocess.TimeoutExpired) as error:
                self.errors.add(self.name, str(error))
            if self.ended.wait(self.pause_s):
                return

    def stop(self):
        self.ended.set()
        self.join(PATIENCE_S)


def run_program(arguments):
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=PATIENCE_S, check=False)
    if done.returncode != 0:
        raise BenchError(f"{os.path.basename(arguments[0])}: exit status "
                         f"{done.returncode}: {done.stdout.strip()[-300:]}")
    return done.stdout


class Masa(Server):
    """A manufacturer with its devices, and its voucher service."""

    def __init__(self, build, work, appliance, n_devices):
        super().__init__()
        self.build, self.state = build, f"{work}/masa"
        self.maker, self.log = f"{work}/maker", f"{work}/masa.log"
        self.anchors, self.address = f"{work}/anchors.pem", \
            f"127.0.0.1:{free_port()}"
        run_program([f"{build}/estuary-masa", "--state", self.state, "make",
                     "--name", "Acme", "--devices", str(n_devices), "--out",
                     self.maker, "--masa-url", self.address])
        signer = next(name for name in sorted(os.listdir(self.state))
                      if name.startswith("voucher")
                      and "CERTIFICATE" in read(f"{self.state}/{name}"))
        ca = read(f"{self.maker}/masa-ca.pem")
        with open(self.anchors, "w", encoding="utf-8") as file:
            file.write(ca + re.search(
                "-----BEGIN CERT.*?END CERTIFICATE-----\n",
                read(f"{self.state}/{signer}"), re.DOTALL).group(0))
        appliance.ctl("manufacturer", "add", "acme", "--policy", "allow",
                      "--anchor", f"{self.maker}/vendor-ca.pem",
                      "--masa-private", "--masa-host", "127.0.0.1",
                      "--masa-ca", f"{self.maker}/masa-ca.pem",
                      "--voucher-ca", self.anchors)
        self.devices = [name[:-len(".key.pem")]
                        for name in sorted(os.listdir(self.maker))
                        if name.endswith(".key.pem")]

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [f"{self.build}/estuary-masa", "--state", self.state, "serve",
                 "--listen", self.address, "--policy", "open"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=log)
        end = time.monotonic() + PATIENCE_S
        while "ready listen=" not in read(self.log):
            if time.monotonic() > end or self.process.poll() is not None:
                raise BenchError("estuary-masa did not start:\n"
                                 + read(self.log)[-2000:])
            time.sleep(0.02)


class Sampler(threading.Thread):
    """What the appliance takes, every few seconds."""

    def __init__(self, appliance):
        super().__init__(daemon=True)
        self.appliance, self.samples = appliance, []
        self.begin = time.monotonic()
        self.ended = threading.Event()
        self.start()

    def process(self, pid):
        status = read(f"/proc/{pid}/status")
        try:
            pss = re.search(r"^Pss:\s+(\d+)", read(
                f"/proc/{pid}/smaps_rollup"), re.MULTILINE)
        except OSError:
            pss = None

        def field(name):
            return int(re.search(rf"^{name}:\s+(\d+)", status,
                                 re.MULTILINE).group(1))
        return {"rss_kb": field("VmRSS"), "anon_kb": field("RssAnon"),
                "pss_kb": int(pss.group(1)) if pss else None,
                "threads": field("Threads"),
                "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}

    def size(self, name):
        try:
            return os.stat(f"{self.appliance.state}/{name}").st_size
        except OSError:
            return 0

    def sample(self):
        machine = Machine()
        return {"at_s": time.monotonic() - self.begin,
                # Seconds of all cores since the machine's start.
                "busy_s": machine.busy, "stolen_s": machine.steal,
                **{name: self.process(pid) for name, pid in
                   zip(PROCESSES, self.appliance.pids)},
                "db_bytes": self.size("estuary.db"),
                "wal_bytes": self.size("estuary.db-wal")}

    def run(self):
        while not self.ended.wait(SAMPLE_S):
            try:
                self.samples.append(self.sample())
            except (OSError, AttributeError, ValueError):
                return  # a process has ended: others say so

    def stop(self):
        self.ended.set()
        self.join(PATIENCE_S)

    def slope(self, process, field):
        """Per minute, over the second half."""
        half = self.samples[len(self.samples) // 2:]
        return 60 * slope(floor_of([(s["at_s"], s[process][field])
                                    for s in half]))


class Mix:
    def __init__(self, options, appliance, loader, log):
        self.o, self.appliance, self.loader = options, appliance, loader
        self.work, self.log = appliance.work, log
        self.errors, self.goals = Errors(), []
        self.tried = 0       # wrong codes
        self.refused = 0     # as they should be
        self.acknowledged = 0  # certificates
        self.masa = None
        self.rates, self.loads, self.running = {}, {}, {}
        self.scale = options.share

    # --- preparations ---

    def enroll_by_hand(self):
        """A client certificate, for those who re-enroll."""
        key, csr, cert = (f"{self.work}/client.{name}"
                          for name in ("key", "csr", "pem"))
        run_program(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                     "-out", csr, "-outform", "DER", "-subj",
                     "/CN=client.lab.test", "-addext",
                     "subjectAltName=DNS:client.lab.test"])
        body = run_program(["openssl", "base64", "-in", csr])
        request = urllib.request.Request(
            f"https://{self.appliance.address}{EST}simpleenroll",
            body.encode(), {"Content-Type": "application/pkcs10"})
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, f"https://{self.appliance.address}",
                               IDENTITY, PASSWORD)
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=self.appliance.context()),
            urllib.request.HTTPBasicAuthHandler(passwords))
        with opener.open(request) as answer:
            certs = answer.read().decode()
        with open(f"{self.work}/client.p7", "w", encoding="utf-8") as file:
            file.write("-----BEGIN PKCS7-----\n" + "\n".join(
                re.findall(".{1,64}", certs.replace("\n", "")))
                + "\n-----END PKCS7-----\n")
        run_program(["openssl", "pkcs7", "-in", f"{self.work}/client.p7",
                     "-print_certs", "-out", cert])
        self.acknowledged += 1

    def prepare(self):
        self.enroll_by_hand()
        self.appliance.ctl("identity", "add", "guessed", "--password-stdin",
                           text=PASSWORD + "\n")
        with open(f"{self.work}/wrong", "w", encoding="utf-8") as file:
            file.write("wrong " + PASSWORD + "\n")
        n = int(self.o.minutes * 60 / DEVICE_PAUSE_S) + 1
        self.masa = Masa(self.appliance.build, self.work, self.appliance,
                         min(n, 100))
        self.masa.start()

    # --- load ---

    def arguments(self, kind):
        """The loader's, without how long and how fast."""
        _, arguments = KINDS[kind]
        source = FIRST_SOURCE + list(KINDS).index(kind)
        arguments = [*arguments, "--threads", "16", "--source",
                     f"127.0.0.{source}", *self.loader.credential(arguments)]
        if kind == "re-enroll":
            arguments = [a for a in arguments
                         if a not in ("--identity", "--password-file")
                         and a not in (IDENTITY, self.appliance.password)]
            arguments += ["--cert", f"{self.work}/client.pem", "--key",
                          f"{self.work}/client.key", "--csr-name",
                          "client.lab.test"]
        elif "--enroll" in arguments:
            arguments += ["--first", str(self.loader.first)]
            self.loader.first += 100000
        return arguments

    def take(self, kind, load):
        """Counts what a loader says; a wrong code is no error, a right answer
        to it is one."""
        if "--enroll" in KINDS.get(kind, (0, []))[1]:
            self.acknowledged += load["requests"]
        if kind == "wrong code":
            self.refused = load["errors"]["tls"]
            self.tried = load["n_errors"] + load["requests"]
            good = load["n_errors"] - load["errors"]["tls"] + load["requests"]
            if good:
                self.errors.add(kind, "not refused in the handshake", good)
            return
        if load["n_errors"]:
            kinds = {k: v for k, v in load["errors"].items() if v}
            self.errors.add(kind, f"{kinds}: {load.get('first_error')}",
                            load["n_errors"])

    def measure_capacity(self):
        """Of each kind alone, as fast as answers come."""
        for kind in KINDS:
            load = self.loader.finish(self.loader.begin(
                self.appliance.address, self.arguments(kind), CAPACITY_S))
            self.take(kind, load)
            self.rates[kind] = load["rate"]
            self.log(f"capacity: {kind}: {load['rate']:,.0f}/s")

    def begin_load(self, seconds):
        running = self.running
        for kind, (part, _) in KINDS.items():
            rate = max(self.rates[kind] * part * self.scale, 0.1)
            running[kind] = self.loader.begin(
                self.appliance.address, self.arguments(kind)
                + ["--rate", f"{rate:.3f}", "--timeline"], seconds)
        running["wrong code"] = self.loader.begin(
            self.appliance.address,
            ["--pake", "--identity", "guessed", "--password-file",
             f"{self.work}/wrong", "--rate", str(WRONG_CODES_A_SECOND),
             "--threads", "2", "--source", "127.0.0.10"], seconds)

    # --- the others ---

    def device(self, i):
        """From the factory to its certificate."""
        name = self.masa.devices[i % len(self.masa.devices)]
        state = f"{self.work}/thing"
        shutil.rmtree(state, ignore_errors=True)
        run_program([f"{self.appliance.build}/estuary-pledge", "--state",
                     state, "onboard", "--idevid",
                     f"{self.masa.maker}/{name}.cert.pem", "--key",
                     f"{self.masa.maker}/{name}.key.pem", "--masa-anchor",
                     self.masa.anchors, "--registrar",
                     self.appliance.address])

    def endpoint(self, i):
        """A person's device, with a code of its own."""
        state, code = f"{self.work}/endpoint", f"{self.work}/endpoint-code"
        shutil.rmtree(state, ignore_errors=True)
        added = json.loads(self.appliance.ctl(
            "--json", "identity", "add", f"endpoint {i}"))
        with open(code, "w", encoding="utf-8") as file:
            file.write(added["code"] + "\n")
        run_program([f"{self.appliance.build}/estuary-join", "--state", state,
                     "join", "--server", self.appliance.address,
                     "--server-name", NAME, "--code-file", code, "--enroll"])

    def administrator(self, i):
        ctl = self.appliance.ctl
        step = i % 5
        if step == 0:
            ctl("status")
        elif step == 1:
            ctl("identity", "list")
        elif step == 2:
            added = json.loads(ctl("--json", "identity", "add", f"guest {i}"))
            ctl("identity", "remove", added["identity"])
        elif step == 3:
            ctl("--json", "cert", "list", "--limit", "100")
        else:
            ctl("--json", "audit", "--since", "30s")

    # --- the run ---

    def run(self):
        # Those that the DNS servers and the appliance itself have.
        before = self.certificates()
        self.prepare()
        idle = self.settled_descriptors()
        self.measure_capacity()
        others = [Repeated("administrators", self.errors, ADMIN_PAUSE_S,
                           self.administrator),
                  Repeated("devices", self.errors, DEVICE_PAUSE_S,
                           self.device),
                  Repeated("estuary-join", self.errors, JOIN_PAUSE_S,
                           self.endpoint)]
        self.find_scale()
        self.log(f"mixed work for {self.o.minutes:g} minutes")
        sampler = Sampler(self.appliance)
        busy_cores = self.load(self.o.minutes * 60)
        sampler.stop()
        for other in others:
            other.stop()
            if other.name != "administrators":
                self.acknowledged += other.done
        return self.judge(sampler, others, before, idle, busy_cores)

    def find_scale(self):
        """Loaders, people and devices use the processors, too: the whole mix
        has the share of them, all that the machine can do being all of them."""
        cores = os.cpu_count()
        busy_cores = self.load(TRY_S)
        self.scale *= min(1, self.o.share * cores / busy_cores)
        self.log(f"the mix at {self.o.share:.0%} of each capacity keeps "
                 f"{busy_cores:.2f} of {cores} cores busy: at "
                 f"{self.scale:.0%} it is {self.o.share:.0%} of the machine")

    def load(self, seconds):
        """All loaders, beside whoever else is at work. How many cores were
        busy."""
        machine, begin = Machine(), time.monotonic()
        self.begin_load(seconds)
        for kind, process in self.running.items():
            self.loads[kind] = self.loader.finish(process)
            self.take(kind, self.loads[kind])
        wall_s, after = time.monotonic() - begin, Machine()
        return (after.busy - machine.busy
                + after.steal - machine.steal) / wall_s

    def certificates(self):
        with sqlite3.connect(f"file:{self.appliance.state}/estuary.db?mode=ro",
                             uri=True) as db:
            return db.execute("SELECT count(*) FROM certificate").fetchone()[0]

    def settled_descriptors(self):
        """Once no connection is left."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            status = json.loads(self.appliance.ctl("--json", "status"))
            if status["connections"] <= 1:
                break
            time.sleep(0.2)
        return sum(len(os.listdir(f"/proc/{pid}/fd"))
                   for pid in self.appliance.pids)

    # --- judgement ---

    def goal(self, name, met, value):
        self.goals.append({"goal": name, "met": bool(met), "value": value})

    def judge_samples(self, sampler, idle):
        for process in PROCESSES:
            grows = sampler.slope(process, "anon_kb")
            self.goal(f"{process}: memory flat, at most "
                      f"{MEMORY_KB_A_MINUTE} KB a minute in the second half",
                      grows <= MEMORY_KB_A_MINUTE, f"{grows:+.1f} KB")
            for field in ("descriptors", "threads"):
                grows = sampler.slope(process, field)
                self.goal(f"{process}: {field} flat, at most "
                          f"{DESCRIPTORS_A_MINUTE} a minute",
                          grows <= DESCRIPTORS_A_MINUTE, f"{grows:+.2f}")
        left = self.settled_descriptors()
        self.goal("descriptors back to where they were", left <= idle + 4,
                  f"{left}, {idle} before")

    def judge_latency(self):
        worst, text = 0.0, "none"
        for kind, load in self.loads.items():
            p99 = [s["latency_us"]["p99"] for s in load.get("timeline", [])
                   if s["ok"]]
            if len(p99) < 8:
                continue
            first, second = (statistics.median(h) for h in
                             (p99[:len(p99) // 2], p99[len(p99) // 2:]))
            load["p99_halves_us"] = [first, second]
            if second / max(first, 1) > worst:
                worst = second / max(first, 1)
                text = (f"{worst:.2f} x ({kind}: {first / 1000:.1f}, then "
                        f"{second / 1000:.1f} ms)")
        self.goal(f"p99 steady: the second half's at most {P99_RATIO:g} x the "
                  "first's", worst <= P99_RATIO, text)
        self.judge_minutes()

    def judge_minutes(self):
        """A half's median forgives that half of it was late; no minute is
        forgiven."""
        worst, text = 0.0, "none"
        for kind, load in self.loads.items():
            minutes = collections.defaultdict(list)
            for s in load.get("timeline", []):
                if s["ok"]:
                    minutes[s["second"] // 60].append(s["latency_us"]["p99"])
            p99 = {m: statistics.median(v) for m, v in minutes.items()
                   if m >= WARM_UP_MINUTES and len(v) >= 30}
            load["p99_minutes_us"] = p99
            if len(p99) < 2:
                continue
            usual, late = statistics.median(p99.values()), max(p99, key=p99.get)
            if p99[late] / max(usual, 1) > worst:
                worst = p99[late] / max(usual, 1)
                text = (f"{worst:.1f} x ({kind}: {usual / 1000:.1f} ms, in minute "
                        f"{late} {p99[late] / 1000:.1f})")
        self.goal("p99 steady: the worst minute's at most "
                  f"{P99_MINUTE_RATIO:g} x the median's",
                  worst <= P99_MINUTE_RATIO, text)

    def judge_store(self, before):
        try:
            verified = self.appliance.ctl("audit", "--verify").strip()
            self.goal("the audit chain verifies", True,
                      verified.splitlines()[-1][:60])
        except BenchError as error:
            self.goal("the audit chain verifies", False, str(error))
        stored = self.certificates() - before
        self.goal("certificates acknowledged = in the store",
                  stored == self.acknowledged,
                  f"{self.acknowledged:,} = {stored:,}")
        status = self.appliance.stop()
        self.goal("SIGTERM ends it with 0", status == 0, str(status))
        with sqlite3.connect(f"{self.appliance.state}/estuary.db") as db:
            result = db.execute("PRAGMA integrity_check").fetchone()[0]
        self.goal("integrity_check", result == "ok", result)
        bad = [line for line in read(self.appliance.log).splitlines()
               if line.split(" ")[1:2] == ["error"]]
        self.goal("no error in the log", not bad,
                  bad[0][:120] if bad else "none")

    def judge(self, sampler, others, before, idle, busy_cores):
        n = sum(self.errors.counts.values())
        self.goal("no error", n == 0, f"{n} errors" if n else "none")
        self.goal("wrong codes refused", 0 < self.refused == self.tried,
                  f"{self.refused} of {self.tried}")
        self.judge_samples(sampler, idle)
        self.judge_latency()
        self.judge_store(before)
        return {"goals": self.goals, "errors": self.errors.counts,
                "first_errors": self.errors.first, "capacity": self.rates,
                "share": self.o.share, "scale": self.scale,
                "minutes": self.o.minutes,
                "busy_cores": busy_cores, "samples": sampler.samples,
                "loads": self.loads,
                "others": {o.name: {
                    "done": o.done,
                    "median_s": statistics.median(o.seconds)
                    if o.seconds else None,
                    "slowest_s": max(o.seconds, default=None)}
                    for o in others}}

    def stop(self):
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
                process.wait()
        if self.masa:
            self.masa.stop()


def print_mix(result):
    print(f"{'work':26}{'done':>9}{'errors':>8}{'p50 ms':>9}{'p99 ms':>9}"
          f"{'late ms':>9}")
    for kind, load in result["loads"].items():
        latency = load["latency_us"]
        print(f"{kind:26}{load['requests']:>9,}{load['n_errors']:>8}"
              f"{latency['p50'] / 1000:>9.1f}{latency['p99'] / 1000:>9.1f}"
              f"{load['behind_us'] / 1000:>9.1f}")
    for name, other in result["others"].items():
        if other["median_s"] is not None:
            print(f"{name:26}{other['done']:>9,}"
                  f"{result['errors'].get(name, 0):>8}"
                  f"{other['median_s'] * 1000:>9.1f}"
                  f"{other['slowest_s'] * 1000:>9.1f}")
    samples = result["samples"]
    if samples:
        print(f"\n{'':12}{'first':>10}{'middle':>10}{'last':>10}")
        for process in PROCESSES:
            for field in ("rss_kb", "anon_kb", "pss_kb", "descriptors",
                          "threads"):
                row = [samples[i][process][field]
                       for i in (0, len(samples) // 2, -1)]
                print(f"{process} {field:14}" + "".join(
                    f"{'?' if v is None else v:>10}" for v in row))
        for field in ("db_bytes", "wal_bytes"):
            print(f"{field:23}" + "".join(
                f"{samples[i][field]:>10}"
                for i in (0, len(samples) // 2, -1)))
    print(f"\n{result['busy_cores']:.1f} of {os.cpu_count()} cores were busy or "
          "taken by the hypervisor")
    for kind, text in result["first_errors"].items():
        print(f"error: {kind} ({result['errors'][kind]}): {text}")
