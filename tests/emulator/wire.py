"""The three AWS wire protocols the daemon speaks, as far as the emulator must understand them.

SQS speaks awsJson1.0, Auto Scaling, SNS and STS speak awsQuery (forms in, XML out) and CloudWatch speaks
smithy rpc-v2-cbor, gzipped when the body is large. moto knows no CBOR: `for_moto` and `from_moto` turn such
a request into awsJson1.0 and the answer back, by the service model. moto's IAM checks answer every service
in one XML form that the Rust SDK cannot read: `reworded` gives it the protocol's own form.

An answer is always a tuple (status, headers, body).
"""

import contextvars
import datetime
import gzip
import io
import json
import math
from urllib.parse import parse_qsl
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import cbor2
from moto.core.utils import get_service_model
from moto.iam.access_control import IAMRequest

TARGETS = {"AmazonSQS": "sqs", "GraniteServiceVersion20100801": "cloudwatch"}
CONTENT_TYPES = {"json": "application/x-amz-json-1.0", "query": "text/xml", "cbor": "application/cbor"}
# What JSON and CBOR services call the errors that awsQuery services know by the other name.
COMMON_ERRORS = {
    "AccessDenied": "AccessDeniedException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "Throttling": "ThrottlingException",
}
# The call being answered in this thread, as it was signed.
signed_call = contextvars.ContextVar("signed_call")


class Call:
    """One request: its protocol, service, operation and decoded body (None when it cannot be decoded)."""

    def __init__(self, environ, raw):
        self.environ, self.raw = environ, raw
        self.path = environ["PATH_INFO"]
        self.protocol = self.service = self.operation = ""
        self.gzip = environ.get("HTTP_CONTENT_ENCODING") == "gzip"
        self.access_key, self._scope = _credential(environ.get("HTTP_AUTHORIZATION", ""))
        try:
            body = self._decode(gzip.decompress(raw) if self.gzip else raw)
        except (ValueError, OSError, EOFError):
            body = None
        self.body = body if isinstance(body, dict) else None

    def _decode(self, data):
        parts = self.path.split("/")
        if self.environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor" and len(parts) == 5:
            self.protocol, self.service, self.operation = "cbor", TARGETS.get(parts[2], ""), parts[4]
            return plain(cbor2.loads(data)) if data else {}
        target = self.environ.get("HTTP_X_AMZ_TARGET")
        if target:
            prefix, _, self.operation = target.rpartition(".")
            self.protocol, self.service = "json", TARGETS.get(prefix, self._scope)
            return json.loads(data or b"{}")
        form = dict(parse_qsl(data.decode(), keep_blank_values=True))
        if "Action" in form:
            self.protocol, self.service, self.operation = "query", self._scope, form["Action"]
        return form

    def text(self):
        """The decoded body as one JSON text: what `match` is looked for in."""
        return json.dumps(self.jsonable(), ensure_ascii=False)

    def jsonable(self):
        return _strict_json(self.body)


def _credential(header):
    """Access key and service of an Authorization header."""
    scope = header.partition("Credential=")[2].partition(",")[0].split("/")
    return (scope[0], scope[3]) if len(scope) == 5 else ("", "")


def plain(value):
    """CBOR values as JSON values."""
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _strict_json(value):
    """`NaN` and `Infinity` as strings, since JSON has no such numbers."""
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(value)
    if isinstance(value, dict):
        return {key: _strict_json(item) for key, item in value.items()}
    return [_strict_json(item) for item in value] if isinstance(value, list) else value


def _typed(shape, value):
    """JSON values as the CBOR values the model asks for."""
    kind = shape.type_name
    if kind == "structure":
        members = ((key, item) for key, item in value.items() if key in shape.members and item is not None)
        return {key: _typed(shape.members[key], item) for key, item in members}
    if kind == "list":
        return [_typed(shape.member, item) for item in value]
    if kind == "map":
        return {key: _typed(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        return cbor2.CBORTag(1, _seconds(value))
    return float(value) if kind in ("double", "float") else value


def _seconds(value):
    if isinstance(value, str):
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
    return float(value)


def for_moto(call):
    """The WSGI environment of the call for moto: CBOR as awsJson1.0, anything else as it came."""
    environ, data = dict(call.environ), call.raw
    environ.pop("wsgi.input_terminated", None)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    if call.protocol == "cbor":
        data = json.dumps(call.body).encode()
        environ.pop("HTTP_CONTENT_ENCODING", None)
        environ["PATH_INFO"] = environ["RAW_URI"] = environ["REQUEST_URI"] = "/"
        environ["HTTP_X_AMZ_TARGET"] = f"{call.path.split('/')[2]}.{call.operation}"
        environ["CONTENT_TYPE"] = CONTENT_TYPES["json"]
    environ["CONTENT_LENGTH"], environ["wsgi.input"] = str(len(data)), io.BytesIO(data)
    signed_call.set(call)
    return environ


def from_moto(call, status, headers, body):
    """moto's answer in the protocol of the call."""
    if status in (401, 403) and b"<Errors>" in body:
        return reworded(call, status, body)
    if call.protocol != "cbor":
        return status, headers, body
    answer = json.loads(body) if body.strip() else {}
    shape = get_service_model(call.service).operation_model(call.operation).output_shape
    if status < 300:
        answer = _typed(shape, answer) if shape else {}
    kept = [(key, value) for key, value in headers if key.lower() != "content-type"]
    return status, kept + _protocol_headers("cbor"), cbor2.dumps(answer)


def reworded(call, status, body):
    """The refusal of moto's IAM checks, `ErrorResponse/Errors/Error`, as the service itself words it."""
    found = ElementTree.fromstring(body).find("Errors/Error")
    if call.service == "ec2" or found is None:
        return status, [("Content-Type", "text/xml")], body
    return error(call, found.findtext("Code"), found.findtext("Message"), status)


def _protocol_headers(protocol):
    headers = [("Content-Type", CONTENT_TYPES.get(protocol, "text/plain"))]
    return headers + ([("smithy-protocol", "rpc-v2-cbor")] if protocol == "cbor" else [])


def garbage(call):
    """A success that is nothing of the kind."""
    return 200, _protocol_headers(call.protocol), b"\xff\x00<<< this is not the protocol {{{"


def error(call, code, message, status=400):
    """A service error in the protocol of the call; `code` is the awsQuery code or the name of the shape."""
    shape, code = _error_names(call.service, code)
    side = "Sender" if status < 500 else "Receiver"
    headers = _protocol_headers(call.protocol)
    if call.protocol == "query":
        xml = (f"<ErrorResponse><Error><Type>{side}</Type><Code>{escape(code)}</Code><Message>"
               f"{escape(message)}</Message></Error><RequestId>emulator</RequestId></ErrorResponse>")
        return status, headers, xml.encode()
    if call.service in TARGETS.values():
        headers.append(("x-amzn-query-error", f"{code};{side}"))
    body = {"__type": f"com.amazonaws.{call.service}#{shape}", "message": message}
    return status, headers, cbor2.dumps(body) if call.protocol == "cbor" else json.dumps(body).encode()


def _error_names(service, code):
    """The name of the error's shape and its awsQuery code, given either of them."""
    for shape in get_service_model(service).error_shapes if service in TARGETS.values() else ():
        query_code = shape.metadata.get("error", {}).get("code", shape.name)
        if code in (shape.name, query_code):
            return shape.name, query_code
    return COMMON_ERRORS.get(code, code), code


def _check_signature(request, check=IAMRequest.check_signature):
    """moto's check made on what was signed, not on what `for_moto` and moto's gunzip have made of it.

    Also names CloudWatch's actions `cloudwatch:...` as policies do, where moto takes the signing name.
    """
    call = signed_call.get()
    request._path, request._body = call.path, call.raw
    request._headers = {**request._headers, "Content-Type": call.environ.get("CONTENT_TYPE", ""),
                        "Content-Length": call.environ.get("CONTENT_LENGTH", ""),
                        "Content-Encoding": call.environ.get("HTTP_CONTENT_ENCODING", "")}
    request._action = request._action.replace("monitoring:", "cloudwatch:")
    check(request)


IAMRequest.check_signature = _check_signature
