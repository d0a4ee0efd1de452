"""Guessers and enrollments around SIGKILL. For enroll.sh, which calls it with
'before PID' and then, after a new start, with 'after'."""

import json
import os
import signal
import sys
import threading

from enroll_lib import PASSWORD, Appliance, Report, eventually
from est_client import EST, b64, basic, make_csr


def certificates(appliance, path, stop):
    """Enrolls until it cannot; what was handed out goes to a file."""
    connection = appliance.client.connect()
    serials = []
    try:
        while not stop.is_set():
            answer = connection.exchange(
                "POST", EST + "/simpleenroll", b64(make_csr()),
                basic("busy", PASSWORD))
            if answer.status == 200:
                serials.append(f"{answer.certificate.serial_number:032x}")
    except (OSError, ValueError, EOFError):
        pass
    except Exception as e:  # http.client's, when the server goes
        if "http.client" not in type(e).__module__:
            raise
    with open(path, "w", encoding="utf-8") as f:
        json.dump(serials, f)


def guess(appliance, n):
    def one(i):
        try:
            appliance.enroll("target", None, f"guess {i}")
        except Exception:  # the server goes
            pass

    threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    return threads


def before(appliance, report, pid):
    appliance.password("target")
    appliance.password("busy")
    appliance.enroll("busy")
    stop = threading.Event()
    threads = [threading.Thread(target=certificates, args=(
        appliance, f"{appliance.work}/handed-out.{i}", stop))
        for i in range(4)]
    for thread in threads:
        thread.start()
    threads += guess(appliance, 16)
    report.check("some guesses are judged", eventually(
        lambda: appliance.identity("target")["guesses_left"] < 8))
    os.kill(pid, signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join()


def after(appliance, report):
    left = appliance.identity("target")["guesses_left"]
    report.check("guesses stay spent", left < 8, left)
    for thread in guess(appliance, 16):
        thread.join()
    judged = sum(r["count"] for r in appliance.audit("basic.refused")
                 if r["subject"] == "target" and
                 r["detail"] == "wrong password")
    report.check("before and after, ten at most were judged",
                 appliance.identity("target")["guesses_left"] == 0 and
                 judged <= 10, judged)
    handed_out = []
    for i in range(4):
        with open(f"{appliance.work}/handed-out.{i}", encoding="utf-8") as f:
            handed_out += json.load(f)
    stored = {c["serial"] for c in appliance.certificates()}
    report.check("every certificate that was handed out is in the store",
                 handed_out and set(handed_out) <= stored,
                 (len(handed_out), len(stored)))


def main():
    appliance, report = Appliance(*sys.argv[1:5]), Report()
    if sys.argv[5] == "before":
        before(appliance, report, int(sys.argv[6]))
    else:
        after(appliance, report)
    return 1 if report.failed else 0


sys.exit(main())
