"""One request of a device, in the format that --type says (CMS by default).

    voucher_pledge.py HOST:PORT MAKER_DIRECTORY DEVICE [OPTION...]

Prints the status, the Retry-After or -, and the text (a voucher's length) on
one line.
"""
import argparse
import base64
import datetime
import http.client
import json
import os
import ssl
import subprocess
import tempfile
import time

import voucher_forms

PATIENCE_S = 120

parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("directory")
parser.add_argument("device")
parser.add_argument("--path", default="/.well-known/brski/requestvoucher")
parser.add_argument("--request", help="the same bytes again, if it is there")
parser.add_argument("--body", help="a file in place of a voucher request")
parser.add_argument("--signer", help="another device's key signs")
parser.add_argument("--serial", help="another serial number")
parser.add_argument("--proximity", help="another certificate, PEM")
parser.add_argument("--assertion", default="proximity")
parser.add_argument("--created", type=int, default=0, help="seconds from now")
parser.add_argument("--no-nonce", action="store_true")
parser.add_argument("--no-cert", action="store_true")
parser.add_argument("--cert", help="client certificate and key, PEM")
parser.add_argument("--type", default="application/voucher-cms+json")
parser.add_argument("--accept")
parser.add_argument("--root", default="ietf-voucher-request:voucher")
parser.add_argument("--keys", default="delta",
                    choices=["delta", "absolute", "names", "mixed"],
                    help="of COSE's maps")
parser.add_argument("--base64", action="store_true",
                    help="the body, and with --save the answer's")
parser.add_argument("--nonce", help="where the nonce goes, base64")
parser.add_argument("--save", help="where the answer's body goes")
parser.add_argument("--patient", action="store_true",
                    help="come back after each 202, two minutes long")
parser.add_argument("--took", help="where the milliseconds go, from the request"
                    " to the answer")
parser.add_argument("--again", help="once this file exists, the same request "
                    "again on the same connection: its answer is printed")
options = parser.parse_args()


def of_maker(name):
    return os.path.join(options.directory, name)


def serial_number():
    text = subprocess.run(
        ["openssl", "x509", "-noout", "-subject", "-nameopt", "multiline",
         "-in", of_maker(options.device + ".pem")],
        check=True, capture_output=True, text=True).stdout
    return next(line.split("= ", 1)[1] for line in text.splitlines()
                if "serialNumber" in line)


def make_request(own_cert):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(
        seconds=options.created)
    signer = options.signer or options.device
    fields = {"assertion": options.assertion,
              "serial-number": options.serial or serial_number(),
              "created-on": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
              "proximity-registrar-cert":
                  base64.b64encode(own_cert).decode()}
    if not options.no_nonce:
        fields["nonce"] = base64.b64encode(os.urandom(16)).decode()
    if options.nonce:
        with open(options.nonce, "w", encoding="ascii") as file:
            file.write(fields["nonce"])
    key = voucher_forms.load_key(of_maker(signer + ".key"))
    if "jws" in options.type:
        return voucher_forms.make_jws(
            fields, options.root,
            voucher_forms.load_cert(of_maker(signer + ".pem")), key)
    if "cose" in options.type:
        return voucher_forms.make_cose(fields, options.root, key, options.keys)
    with tempfile.NamedTemporaryFile("w") as file:
        json.dump({options.root: fields}, file)
        file.flush()
        return subprocess.run(
            ["openssl", "cms", "-sign", "-nodetach", "-binary", "-outform",
             "DER", "-econtent_type", "1.2.840.113549.1.9.16.1.40",
             "-signer", of_maker(signer + ".pem"),
             "-inkey", of_maker(signer + ".key"), "-in", file.name],
            check=True, capture_output=True).stdout


def the_request(own_cert):
    if options.body:
        with open(options.body, "rb") as file:
            return file.read()
    if options.request and os.path.exists(options.request):
        with open(options.request, "rb") as file:
            return file.read()
    if options.proximity:
        with open(options.proximity, encoding="ascii") as file:
            own_cert = ssl.PEM_cert_to_DER_cert(file.read())
    request = make_request(own_cert)
    if options.request:
        with open(options.request, "wb") as file:
            file.write(request)
    return request


def ask(connection, body, headers):
    began = time.monotonic()
    connection.request("POST", options.path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if options.took:
        with open(options.took, "w", encoding="ascii") as file:
            print(round((time.monotonic() - began) * 1000), file=file)
    return answer, text


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if options.cert:
        context.load_cert_chain(options.cert)
    elif not options.no_cert:
        context.load_cert_chain(of_maker(options.device + ".pem"),
                                of_maker(options.device + ".key"))
    host, port = options.address.rsplit(":", 1)
    connection = http.client.HTTPSConnection(host, int(port), timeout=30,
                                             context=context)
    connection.connect()
    body = the_request(connection.sock.getpeercert(binary_form=True))
    if options.base64:
        body = base64.encodebytes(body)
    headers = {"Content-Type": options.type} if options.type else {}
    if options.accept:
        headers["Accept"] = options.accept
    answer, text = ask(connection, body, headers)
    if options.again:
        with open(options.again + ".ready", "w", encoding="ascii"):
            pass
        while not os.path.exists(options.again):
            time.sleep(0.02)
        answer, text = ask(connection, body, headers)
    end = time.monotonic() + PATIENCE_S
    while options.patient and answer.status == 202 and time.monotonic() < end:
        time.sleep(int(answer.getheader("Retry-After")))
        answer, text = ask(connection, body, headers)
    body = text
    if options.base64 and answer.status == 200:
        body = base64.b64decode(body, validate=True)
    if options.save:
        with open(options.save, "wb") as file:
            file.write(body)
    kind = answer.getheader("Content-Type", "-")
    text = body.decode(errors="replace").strip() if "text/" in kind else \
        "%s %d" % (kind, len(body))
    print(answer.status, answer.getheader("Retry-After", "-"),
          answer.getheader("Connection", "-"), text)


main()
