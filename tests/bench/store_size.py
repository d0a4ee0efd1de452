#!/usr/bin/python3
"""What enrollments and lookups cost in a large store, beside a small one.

    store_size.py --build DIR [--certificates N] [--rounds N] [--count N]
        [--keep DIR]

Fills a store with 10,000 certificates and one with a million (a minute or
more), works with both in turns (store_cost), and prints as JSON the medians of
the CPU time of each operation in microseconds, and of the ratios within the
rounds. --keep DIR fills them there, once, for further runs.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

SMALL = 10_000
IDENTITIES = 10_000
START_S = 60
OPERATIONS = ("enroll-8", "enroll-32", "certificate-by-serial", "reenroll",
              "identity-by-name", "certificates-deep-page", "audit-since")


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--certificates", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=4096)
    parser.add_argument("--keep")
    return parser.parse_args()


def start_once(build, state):
    """Makes the state directory."""
    os.mkdir(state, 0o700)
    with subprocess.Popen(
            [f"{build}/estuaryd", "--state", state,
             "--set", "mdns.enabled=no", "--set", "server.listen=127.0.0.1:0",
             "--set", "server.name=est.lab.test",
             "--set", "ca.domain=lab.test"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        end = time.monotonic() + START_S
        while not os.path.exists(f"{state}/admin.sock"):
            if daemon.poll() is not None or time.monotonic() > end:
                daemon.kill()
                raise OSError("estuaryd does not start")
            time.sleep(0.05)
        daemon.terminate()


def fill(build, state, certificates):
    if os.path.exists(state):
        return
    start_once(build, state)
    subprocess.run([f"{build}/tests/bench/fill_store", "--state", state,
                    "--certificates", str(certificates),
                    "--identities", str(IDENTITIES)],
                   check=True, stderr=subprocess.DEVNULL)


def cost(build, state, operation, count):
    done = subprocess.run([f"{build}/tests/bench/store_cost",
                           "--state", state, "--only", operation,
                           "--count", str(count)],
                          check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    return json.loads(done.stdout)["cpu_us"][operation]


def measure(o, states):
    result = {}
    for operation in OPERATIONS:
        found = {size: [] for size in states}
        for i in range(o.rounds):
            order = list(states) if i % 2 == 0 else list(reversed(states))
            for size in order:
                found[size].append(
                    cost(o.build, states[size], operation, o.count))
        small, large = found.values()
        ratios = [b / a for a, b in zip(small, large)]
        result[operation] = {
            "small_us": statistics.median(small),
            "large_us": statistics.median(large),
            "ratio": statistics.median(ratios), "ratios": ratios}
    return result


def run(o, work):
    states = {}
    for size in (SMALL, o.certificates):
        states[size] = f"{work}/{size}"
        fill(o.build, states[size], size)
    print(json.dumps({"certificates": list(states),
                      "operations": measure(o, states)}, indent=1))


def main():
    o = options()
    if o.keep:
        os.makedirs(o.keep, mode=0o700, exist_ok=True)
        run(o, os.path.abspath(o.keep))
        return 0
    with tempfile.TemporaryDirectory(prefix="estuary-size-") as work:
        run(o, work)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"store_size: {error}", file=sys.stderr)
        sys.exit(3)
