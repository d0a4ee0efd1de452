"""est.channel_binding=required and eecerts.access=authenticated. For
enroll_again.sh."""

import base64
import ssl
import sys

from enroll_lib import PASSWORD, run
from est_client import EST, b64, basic, make_csr

ENROLL = EST + "/simpleenroll"


def check_binding(appliance, report):
    fields = basic(appliance.password("strict"), PASSWORD)
    connection = appliance.client.connect(version=ssl.TLSVersion.TLSv1_2)
    connection.connect()
    unique = connection.sock.get_channel_binding("tls-unique")
    report.status("required and missing", 403, connection.exchange(
        "POST", ENROLL, b64(make_csr()), fields), "est.channel_binding")
    bound = b64(make_csr(challenge=base64.b64encode(unique)))
    report.status("required and there", 200, connection.exchange(
        "POST", ENROLL, bound, fields))
    report.status("required and another connection's", 400,
                  appliance.client.send("POST", ENROLL, bound, fields),
                  "RFC 7030 3.5")
    connection.close()
    answer = appliance.client.send("GET", EST + "/csrattrs")
    report.check("csrattrs names challengePassword",
                 bytes.fromhex("06092a864886f70d010907") in
                 base64.b64decode(answer.body), answer)


def check_eecerts(appliance, report):
    appliance.ctl("dns-server", "issue", "--name", "dns.lab.test", "--label",
                  "doh", "--out", appliance.work + "/dns")
    code = appliance.code("--basic")
    for name, fields, status in (
            ("anonymous", {}, 401),
            ("wrong Basic", basic("strict", "wrong"), 401),
            ("Basic", basic("strict", PASSWORD), 200),
            ("a code over Basic", basic(code.identity, code.secret), 200),
            ("which takes no use", basic(code.identity, code.secret), 200)):
        for path in (EST + "/eecerts", EST + "/eecerts/doh",
                     "/resolvers.json"):
            report.status(f"{path}, {name}", status, appliance.client.send(
                "GET", path, None, fields))
    report.status("cacerts asks nobody", 200, appliance.client.send(
        "GET", EST + "/cacerts"))


if __name__ == "__main__":
    sys.exit(run([check_binding, check_eecerts]))
