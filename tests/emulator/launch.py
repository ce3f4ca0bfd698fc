"""Serves SQS, Auto Scaling, EC2, CloudWatch, SNS, STS and IAM on loopback for the tests: moto, made stricter.

    python launch.py [--auth] [--launch-delay SECS] [--verbose]

Prints one line, `ready http://127.0.0.1:PORT`, once it serves, and exits when its stdin reaches EOF, so that
it never outlives the test that started it. Nothing it does leaves the machine. Beside AWS's own calls:

    POST   /emulator/faults  {"operation", "match", "times", "kind", "status", "code", "message", "seconds"}
    DELETE /emulator/faults  {"match"} or nothing for all
    POST   /emulator/group   {"name", "operator": {"Principal"}, "states": {"0": "Terminating:Wait"}}
    POST   /emulator/queue   {"name", "attributes": {"ApproximateNumberOfMessages": "NaN" or null}}
    POST   /emulator/pages   {"match": SUBSTRING of a group's name, "size": groups a page of Describe}
    POST   /emulator/metric  {"account", "region", "namespace", "metric", "dimension": {"Name", "Value"},
                              "minutes": [[seconds since the epoch, value]]}
    GET    /emulator/calls   ?match=SUBSTRING&operation=OP      DELETE forgets them
    POST   /moto-api/reset   moto's: wipes all state, the faults, facts and calls above included
    POST   /moto-api/reset-auth   moto's: body `0` turns on signature and policy checks, `inf` turns them off

See wire.py for the protocols, strict.py for the rules added to moto, policy.py for permissions, control.py for the endpoints above.
"""

import argparse
import os
import select
import socket
import sys
import threading
import time
import traceback

from moto import settings
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app

import control
import policy  # noqa: F401  (takes moto's place)
import strict
import wire

HOST = "127.0.0.1"
SERVICES = ("sqs", "autoscaling", "ec2", "monitoring", "sns", "sts", "iam")
LONGEST_HANG = 120
moto = DomainDispatcherApplication(create_backend_app)


def ask_moto(call):
    """moto's answer; where moto itself fails, an InternalFailure in the protocol of the call."""
    try:
        body, status, headers = run_wsgi_app(moto, wire.for_moto(call), buffered=True)
        answer = int(status.split()[0]), list(headers), b"".join(body)
        return wire.from_moto(call, *answer)
    except Exception as problem:
        traceback.print_exc(limit=-2)
        return wire.error(call, "InternalFailure", repr(problem), 500)


def ask_aws(call, fault):
    """The answer to an AWS call: None to drop the connection instead."""
    kind = fault["kind"] if fault else None
    if kind == "close":
        return None
    if kind == "hang":
        _await_close(call.environ["werkzeug.socket"])
        return None
    if kind == "status":
        return fault["status"] or 500, [("Content-Type", "text/plain")], b""
    if kind == "error":
        return wire.error(call, fault["code"], fault["message"], fault["status"] or 400)
    if kind == "garbage":
        return wire.garbage(call)
    if call.body is None:
        return wire.error(call, "SerializationException", "The request cannot be decoded.")
    if kind == "delay":
        time.sleep(fault["seconds"])
    return control.overridden(call, ask_moto(call))


def _await_close(connection):
    """Waits until the client has gone."""
    deadline = time.monotonic() + LONGEST_HANG
    while (left := deadline - time.monotonic()) > 0:
        if select.select([connection], [], [], left)[0] and not connection.recv(65536):
            return


class Handler(MotoRequestHandler):
    """HTTP with keep-alive, which werkzeug's own handler does not do, as the SDK pools its connections."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    verbose = False
    skew = 0.0

    def run_wsgi(self):
        environ = self.make_environ()
        length = -1 if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
        call = wire.Call(environ, environ["wsgi.input"].read(length))
        if call.path.startswith("/emulator/"):
            self._send(control.serve(call))
        elif call.operation:
            self._serve_aws(call)
        else:
            if call.path == "/moto-api/reset":
                control.clear()
            self._send(ask_moto(call))

    def _serve_aws(self, call):
        entry, fault = control.record(call), control.take_fault(call)
        answer = ask_aws(call, fault)
        if answer is None:
            self._hang_up()
            return
        entry["status"] = answer[0]
        self.skew = fault["seconds"] if fault and fault["kind"] == "skew" else 0.0
        self._send(answer, truncated=bool(fault) and fault["kind"] == "truncate")

    def _send(self, answer, truncated=False):
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + truncated))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if truncated else body)
        if truncated:
            self._hang_up()

    def date_time_string(self, timestamp=None):
        return super().date_time_string((timestamp or time.time()) + self.skew)

    def _hang_up(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_request(self, code="-", size="-"):
        if self.verbose:
            sys.stderr.write(f"{self.command} {self.path} {code}\n")

    def log_error(self, format, *args):
        if self.verbose:
            sys.stderr.write(format % args + "\n")


def warm_up():
    """Has moto import the backends now, so that no test's first call waits for it."""
    for service in SERVICES:
        scope = f"AWS4-HMAC-SHA256 Credential=AKIA/20200101/us-east-1/{service}/aws4_request"
        moto.get_application({"HTTP_AUTHORIZATION": scope, "PATH_INFO": "/"})


def exit_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description="AWS emulator for the tests")
    parser.add_argument("--auth", action="store_true", help="check signatures and policies from the start")
    parser.add_argument("--launch-delay", type=float, default=0.0, metavar="SECS",
                        help="seconds a new instance stays Pending")
    parser.add_argument("--verbose", action="store_true", help="log every request to stderr")
    options = parser.parse_args()
    strict.launch_delay, Handler.verbose = options.launch_delay, options.verbose
    if options.auth:
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    threading.Thread(target=exit_with_parent, daemon=True).start()
    warm_up()
    server = make_server(HOST, 0, moto, threaded=True, request_handler=Handler)
    print(f"ready http://{HOST}:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
