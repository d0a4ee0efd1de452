"""Re-enrollment, and DNS servers that enroll. For enroll_again.sh."""

import base64
import ipaddress
import sys

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from enroll_lib import PASSWORD, run
from est_client import EST, basic, make_csr, save_credential, srv

DNS = x509.DNSName
ADN = "dns.lab.test"


def ip(text):
    return x509.IPAddress(ipaddress.ip_address(text))


def alt_names(certificate):
    return set(certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName).value)


# --- re-enrollment ---

def check_renewal(appliance, report):
    names = [DNS("a.lab.test"), DNS("b.lab.test")]
    user = appliance.password("walker", "--allow-name", "*.lab.test")
    credential, first = appliance.credential(user, make_csr("walker", names))
    answer = appliance.reenroll(credential, make_csr("walker", names[::-1]))
    report.status("the same key (renew), names in another order", 200, answer)
    report.check("a new certificate with the same names", answer.certificate
                 .serial_number != first.serial_number and
                 alt_names(answer.certificate) == set(names))
    for name, key in (("P-384", ec.generate_private_key(ec.SECP384R1())),
                      ("RSA", rsa.generate_private_key(65537, 2048))):
        answer = appliance.reenroll(credential, make_csr(
            "walker", names, key))
        report.status(f"another key (rekey): {name}", 200, answer)
    renewed = save_credential(appliance.work, "rekeyed", answer.certificate,
                              key)
    report.status("the renewed one renews", 200, appliance.reenroll(
        renewed, make_csr("walker", names)))
    for name, csr, says in (
            ("one SAN changed", make_csr(
                "walker", [names[0], DNS("c.lab.test")]), "subjectAltName"),
            ("one SAN more", make_csr(
                "walker", [*names, DNS("c.lab.test")]), "subjectAltName"),
            ("one SAN less", make_csr("walker", names[:1]), "subjectAltName"),
            ("no SAN", make_csr("walker"), "subjectAltName"),
            ("another subject", make_csr("other", names), "subject"),
            ("the subject in capitals", make_csr("Walker", names), "subject"),
            ("an empty subject", make_csr(None, names), "subject")):
        report.status(f"re-enrollment with {name}", 403,
                      appliance.reenroll(credential, csr), says)
    other, _ = appliance.credential(appliance.password("stranger"))
    report.status("with a certificate of another identity", 403,
                  appliance.reenroll(other, make_csr("walker", names)),
                  "4.2.2")
    report.status("to the other's own names", 200,
                  appliance.reenroll(other, make_csr("stranger")))
    check_identity_ends(appliance, report, credential, names)


def check_identity_ends(appliance, report, credential, names):
    def renew():
        return appliance.reenroll(credential, make_csr("walker", names))

    connection = appliance.client.connect(credential=credential)
    csr = base64.b64encode(make_csr("walker", names))
    path = EST + "/simplereenroll"
    report.status("on an open connection", 200,
                  connection.exchange("POST", path, csr))
    appliance.ctl("identity", "disable", "walker")
    report.status("disabled", 403, renew(), "disabled")
    report.status("disabled, on the connection that is open", 403,
                  connection.exchange("POST", path, csr), "disabled")
    report.check("the list says so",
                 appliance.identity("walker")["state"] == "disabled")
    appliance.ctl("identity", "enable", "walker")
    report.status("enabled again", 200, renew())
    for _ in range(11):
        appliance.enroll("walker", None, "wrong")
    report.check("locked by wrong guesses",
                 appliance.identity("walker")["state"] == "locked")
    report.status("which binds the password alone", 200, renew())
    appliance.ctl("identity", "remove", "walker")
    report.status("removed", 403, renew(), "removed")
    appliance.password("walker", "--allow-name", "*.lab.test")
    report.status("and made again by the same name", 403, renew(), "removed")
    connection.close()


# --- DNS servers ---

def rows(appliance, adn=ADN):
    """(label, state, port, dohpath, addresses, serial), what is published."""
    return sorted(
        (r["label"], r["state"], r["port"], r.get("dohpath") or "",
         ",".join(r["addresses"]), r["serial"])
        for r in appliance.ctl("dns-server", "list")["items"]
        if r["name"] == adn and r["state"] != "retired")


def serial(certificate):
    return f"{certificate.serial_number:032x}"


def check_identities(appliance, report):
    for name, options in (
            ("no name", []), ("two names", ["a.lab.test", "b.lab.test"]),
            ("a wildcard", ["*.lab.test"]), ("an address alone",
                                             ["127.0.0.1"])):
        allowed = [x for o in options for x in ("--allow-name", o)]
        report.check(f"a dns-server identity with {name} is refused",
                     appliance.refused("identity", "add", "x", "--profile",
                                       "dns-server", *allowed))
    report.check("nobody gets the profile est-server", appliance.refused(
        "identity", "add", "x", "--profile", "est-server"))


def check_dns_server(appliance, report):
    user = appliance.password("resolver", "--profile", "dns-server",
                              "--allow-name", ADN, "--allow-name",
                              "127.0.0.53", "--allow-name", "127.1.0.0/16")
    both = [DNS(ADN), srv("_domain-s." + ADN), srv("_doh." + ADN)]
    asked = [*both, ip("127.0.0.53")]
    for name, csr, says in (
            ("another ADN", make_csr(names=[
                DNS("x.lab.test"), srv("_doh.x.lab.test")]), "x.lab.test"),
            ("a second name", make_csr(names=[*asked, DNS("x.lab.test")]),
             "x.lab.test"),
            ("another one's SRV-ID", make_csr(
                names=[*both, srv("_doh.x.lab.test")]), "_doh.x"),
            ("another service", make_csr(
                names=[*both, srv("_imaps." + ADN)]), "_imaps"),
            ("another address", make_csr(names=[*both, ip("127.0.0.54")]),
             "127.0.0.54"),
            ("no SRV-ID", make_csr(names=[DNS(ADN)]), "SRV-ID"),
            ("no ADN", make_csr(names=both[1:]), "name"),
            ("nothing", make_csr(ADN), "SRV-ID"),
            ("another subject", make_csr("resolver", asked), "subject")):
        report.status(f"a DNS server asks for {name}", 403,
                      appliance.enroll(user, csr), says)
    report.check("nothing is registered yet", not rows(appliance))
    answer = appliance.enroll(user, make_csr(names=asked))
    report.status("a DNS server enrolls", 200, answer)
    first = answer.certificate
    report.check("with its ADN as subject, and the names asked for",
                 first.subject.rfc4514_string() == "CN=" + ADN and
                 alt_names(first) == set(asked))
    report.check("the first one is current, on the usual ports",
                 rows(appliance) == [
                     ("doh", "current", 443, "/dns-query{?dns}", "127.0.0.53",
                      serial(first)),
                     ("domain-s", "current", 853, "", "127.0.0.53",
                      serial(first))], rows(appliance))
    credential = save_credential(appliance.work, "resolver", first)
    answer = appliance.reenroll(credential, make_csr(ADN, asked))
    report.status("it re-enrolls", 200, answer)
    second = serial(answer.certificate)
    report.check("the second one is next", [
        r[:2] for r in rows(appliance) if r[5] == second] == [
            ("doh", "next"), ("domain-s", "next")], rows(appliance))
    answer = appliance.enroll(user, make_csr(names=[
        DNS(ADN), srv("_doh." + ADN), ip("127.1.2.3")]))
    third = serial(answer.certificate)
    report.check("another enters for the labels that it has",
                 [r[:2] + r[5:] for r in rows(appliance)] == [
                     ("doh", "current", serial(first)),
                     ("doh", "next", third),
                     ("domain-s", "current", serial(first)),
                     ("domain-s", "next", second)], rows(appliance))
    report.check("other DNS servers are untouched",
                 {r["name"] for r in appliance.ctl("dns-server", "list")[
                     "items"]} <= {ADN, "dns9.lab.test"})


def check_registered(appliance, report):
    """What the administrator registered is taken over."""
    adn = "dns2.lab.test"
    appliance.ctl("dns-server", "issue", "--name", adn, "--label",
                  "domain-s:8853", "--label", "doh:8443", "--dohpath",
                  "/q{?dns}", "--ip", "127.0.0.99", "--out",
                  appliance.work + "/dns2")
    user = appliance.password("second", "--profile", "dns-server",
                              "--allow-name", "DNS2.lab.test")
    attributes = appliance.client.send(
        "GET", EST + "/csrattrs", None, basic(user, PASSWORD))
    der = base64.b64decode(attributes.body)
    report.check("csrattrs tells it its names", all(
        text in der for text in (
            adn.encode(), b"_domain-s." + adn.encode(),
            b"_doh." + adn.encode(), bytes([127, 0, 0, 99]))), der)
    anonymous = appliance.client.send("GET", EST + "/csrattrs")
    report.check("and nobody else", adn.encode() not in
                 base64.b64decode(anonymous.body))
    names = [DNS(adn), srv("_domain-s." + adn), srv("_doh." + adn),
             ip("127.0.0.99")]
    answer = appliance.enroll(user, make_csr(adn, names))
    report.status("a registered address may be asked for", 200, answer)
    got = [r[:5] for r in rows(appliance, adn)
           if r[5] == serial(answer.certificate)]
    report.check("ports, path and addresses are taken over", got == [
        ("doh", "next", 8443, "/q{?dns}", "127.0.0.99"),
        ("domain-s", "next", 8853, "", "127.0.0.99")], got)


if __name__ == "__main__":
    sys.exit(run([check_renewal, check_identities, check_dns_server,
                  check_registered]))
