"""What is left after a crash, against what fault_load.py was told.

    fault_check.py WORK NAME

The appliance NAME may be running or not. Prints a line for each thing that does
not hold, and then one that counts; 1 if anything does not."""

import collections
import json
import os
import re
import sqlite3
import sys

from fault_load import USES

ISSUED = re.compile(r"^\S+Z serial=([0-9a-f]+) profile=\S+ sha256=[0-9a-f]{64} "
                    r'subject=\S')
CERTIFICATES = ("enroll", "reenroll", "basic", "dns")


class Check:
    def __init__(self, work, name):
        self.work, self.state, self.name = work, f"{work}/{name}", name
        # What was acknowledged first: what the store has is looked at behind.
        self.answers = collections.defaultdict(list)
        with open(f"{work}/{name}.load", encoding="utf-8") as f:
            for line in f:
                if line.endswith("\n"):
                    answer = json.loads(line)
                    self.answers[answer["kind"]].append(answer)
        with open(self.state + "/ca/issued.log", encoding="utf-8") as f:
            found = (ISSUED.match(line) for line in f)
            self.log = [m.group(1) for m in found if m]
        self.db = sqlite3.connect(f"file:{self.state}/estuary.db?mode=ro",
                                  uri=True, timeout=30)
        self.db.execute("BEGIN")  # all is read as it was at one moment
        self.bad = []

    def column(self, sql, *values):
        return [row[0] for row in self.db.execute(sql, values)]

    def acknowledged(self, *kinds):
        return [a["value"] for kind in kinds for a in self.answers[kind]
                if a["status"] == 200]

    def none(self, what, wrong):
        if wrong:
            self.bad.append(f"{what}: {sorted(map(str, wrong))[:5]}")

    def sound(self):
        self.none("integrity_check", set(self.column("PRAGMA integrity_check"))
                  - {"ok"})
        self.none("foreign_key_check", self.column("PRAGMA foreign_key_check"))

    def certificates(self):
        told = self.acknowledged(*CERTIFICATES)
        stored = self.column("SELECT serial FROM certificate")
        audited = self.column(
            "SELECT count(*) FROM audit WHERE event = 'certificate.issue'")
        for what, serials in (("acknowledged", told), ("logged", self.log)):
            self.none(f"{what} twice", [
                s for s, n in collections.Counter(serials).items() if n > 1])
        self.none("certificates acknowledged and lost", set(told) -
                  set(stored))
        self.none("certificates stored and not in issued.log", set(stored) -
                  self.relogged())
        if audited != [len(stored)]:
            self.bad.append(f"{len(stored)} certificates, but {audited} rows")
        return len(told), len(stored)

    def relogged(self):
        """The store was looked at behind the log, which goes on."""
        with open(self.state + "/ca/issued.log", encoding="utf-8") as f:
            found = (ISSUED.match(line) for line in f)
            return {m.group(1) for m in found if m}

    def identities(self):
        self.none("identities acknowledged and lost",
                  set(self.acknowledged("identity")) -
                  set(self.column("SELECT wire_name FROM identity")))
        vouchered = self.column("SELECT serial_number FROM device WHERE state"
                                " IN ('vouchered', 'enrolled')")
        self.none("vouchers acknowledged and lost",
                  set(self.acknowledged("voucher")) - set(vouchered))

    def spent(self, what, kind, identity, sql):
        """Between what was acknowledged and what was tried, and never less
        than it was the last time."""
        told = len(self.acknowledged(kind))
        gone = self.column(sql, identity)[0]
        # One may be on its way.
        tried = len(self.answers[kind]) + 1
        path = f"{self.work}/{self.name}.{kind}.spent"
        before = 0
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                before = int(f.read())
        with open(path, "w", encoding="utf-8") as f:
            f.write(str(gone))
        if not max(told, before) <= gone <= tried:
            self.bad.append(f"{what}: {gone} spent, {told} acknowledged, "
                            f"{tried} tried, {before} spent before")
        return gone


def main():
    check = Check(*sys.argv[1:])
    check.sound()
    told, stored = check.certificates()
    check.identities()
    uses = check.spent("uses", "join", "joiner", f"SELECT {USES} - uses_left"
                       " FROM identity WHERE wire_name = ?")
    guesses = check.spent(
        "guesses", "guess", "guessed", "SELECT guesses_max - guesses_left"
        " FROM identity WHERE wire_name = ?")
    for line in check.bad:
        print(line)
    print(f"{told} certificates acknowledged, {stored} stored, "
          f"{len(check.acknowledged('voucher'))} vouchers, {uses} uses, "
          f"{guesses} guesses")
    return 1 if check.bad else 0


sys.exit(main())
