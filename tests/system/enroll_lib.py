"""What the parts of enroll.sh and enroll_again.sh share: the appliance as its
administrator sees it, and the results. Each part is called with BUILD WORK NAME
HOST:PORT: the appliance NAME has its state in WORK/NAME, its root in
WORK/NAME.root.pem."""

import json
import subprocess
import sys
import time
import types

from est_client import EST, Client, b64, basic, make_csr, save_credential

PASSWORD = "correct horse battery"


class Appliance:
    def __init__(self, build, work, name, address):
        self.work, self.address = work, address
        self.state = f"{work}/{name}"
        self.command = [f"{build}/estuaryctl", "--state", self.state, "--json"]
        self.client = Client(address, f"{work}/{name}.root.pem")
        self.made = 0

    def ctl(self, *arguments, text=None):
        done = subprocess.run([*self.command, *arguments], input=text,
                              text=True, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, *arguments, text=None):
        """What estuaryctl says when it is refused; None when it is not."""
        done = subprocess.run(
            [*self.command, *arguments], input=text, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.stderr.strip() if done.returncode == 1 else None

    def password(self, name, *options):
        """An identity with PASSWORD and Basic."""
        self.ctl("identity", "add", name, "--basic", "--password-stdin",
                 *options, text=PASSWORD + "\n")
        return name

    def code(self, *options):
        self.made += 1
        added = self.ctl("identity", "add", f"device-{self.made}", *options)
        text = added["code"].replace("-", "")
        return types.SimpleNamespace(
            code=added["code"], identity=added["identity"],
            secret=text[8:19])

    def identity(self, name):
        for item in self.ctl("identity", "list")["items"]:
            if item["identity"] == name:
                return item
        raise KeyError(name)

    def certificates(self):
        return self.ctl("cert", "list", "--limit", "1000")["items"]

    def audit(self, event):
        return [row for row in self.ctl("audit")["items"]
                if row["event"] == event]

    # Over EST

    def enroll(self, user, csr=None, password=PASSWORD, **how):
        if csr is None:
            csr = make_csr()
        return self.client.send("POST", EST + "/simpleenroll", b64(csr),
                                basic(user, password), **how)

    def reenroll(self, credential, csr, **how):
        return self.client.send("POST", EST + "/simplereenroll", b64(csr),
                                credential=credential, **how)

    def credential(self, user, csr=None):
        """A certificate of that identity, as files; and itself."""
        answer = self.enroll(user, csr)
        if answer.status != 200:
            raise ValueError(f"{user}: {answer}")
        self.made += 1
        return save_credential(self.work, f"client-{self.made}",
                               answer.certificate), answer.certificate


class Report:
    def __init__(self):
        self.failed = 0

    def check(self, name, good, detail=None):
        print(f"{'ok' if good else 'not ok'} - {name}", flush=True)
        if not good:
            self.failed += 1
            print(f"#   {detail!r}", flush=True)

    def status(self, name, wanted, answer, says=None):
        """The status; and for a refusal one line that says the right thing."""
        good = answer.status == wanted
        if good and wanted >= 400:
            good = (answer.reason != "" and "\n" not in answer.reason and
                    answer.fields.get("content-type", "text/plain")
                    .startswith("text/plain"))
        if good and says is not None:
            good = says.lower() in answer.reason.lower()
        self.check(f"{name}: {wanted}", good, (says, answer))


def eventually(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def run(parts):
    """Calls each part with (appliance, report); the exit status."""
    appliance, report = Appliance(*sys.argv[1:5]), Report()
    for part in parts:
        part(appliance, report)
    return 1 if report.failed else 0
