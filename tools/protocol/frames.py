"""Judges every frame a daemon sends by the schemas, with what the client sent in mind."""

INVALID_PARAMS = -32602


class FrameError(Exception):
    """A frame that the protocol does not allow."""


class FrameJudge:
    """Follows one connection: `sent` each message of the client, `received` each of the daemon."""

    def __init__(self, contract, validators):
        self.contract = contract
        self.validators = validators
        self.kinds = {error["code"]: error for error in contract.errors}
        self.pending = {}
        self.tokens = {}
        self.sequences = {}
        self.frames = 0

    def sent(self, message):
        for item in message if isinstance(message, list) else [message]:
            if isinstance(item, dict) and "id" in item:
                self.pending.setdefault(key(item["id"]), []).append(item.get("method"))
                params = item.get("params")
                if isinstance(params, dict) and "progressToken" in params:
                    self.tokens[key(params["progressToken"])] = key(item["id"])

    def received(self, message):
        self.frames += 1
        self.require("ServerMessage", message)
        for item in message if isinstance(message, list) else [message]:
            if "method" in item:
                self.notification(item)
            elif "error" in item:
                self.error(item)
            else:
                self.result(item)

    def notification(self, item):
        method = self.contract.notifications.get(item["method"])
        if method is None or method["x-direction"] != "serverToClient":
            raise FrameError(f"the notification {item['method']!r} is not one the daemon sends")
        self.require_schema(method["x-params"], item.get("params", {}), item["method"])
        if item["method"] == "$/progress":
            self.progress(item["params"])

    def progress(self, params):
        token = key(params["token"])
        if self.tokens.get(token) not in self.pending:
            raise FrameError(f"progress with token {params['token']!r}, for which no request is in flight")
        sequence = params["value"]["sequence"]
        if sequence <= self.sequences.get(token, -1):
            raise FrameError(f"progress {sequence} came after {self.sequences[token]}")
        self.sequences[token] = sequence

    def result(self, item):
        method = self.taken(item)
        self.require_schema(self.contract.requests[method]["result"]["schema"], item["result"], method)

    def error(self, item):
        error = item["error"]
        known = self.kinds.get(error["code"])
        if known is None:
            raise FrameError(f"error code {error['code']} is not in errors.json")
        data = error.get("data", {})
        if error["code"] > 0 and data.get("kind") != known["kind"]:
            raise FrameError(f"error {error['code']} without data.kind {known['kind']!r}: {error}")
        if "kind" in data and data["kind"] != known["kind"]:
            raise FrameError(f"error {error['code']} with data.kind {data['kind']!r}")
        if data.get("retryable", False) != known["retryable"]:
            raise FrameError(f"error {error['code']}: retryable is not {known['retryable']}: {error}")
        if error["code"] == INVALID_PARAMS and "parameter" not in data and "an object" not in error["message"]:
            raise FrameError(f"error {error['code']} without data.parameter: {error}")
        if "message" in data and data["message"] != error["message"]:
            raise FrameError(f"error {error['code']}: two messages: {error}")
        if item["id"] is None:
            if error["code"] not in self.contract.common_errors:
                raise FrameError(f"error {error['code']} with a null id")
            return
        method = self.taken(item)
        entry = self.contract.requests.get(method)
        allowed = self.contract.errors_of(entry) if entry else self.contract.common_errors
        if error["code"] not in allowed:
            raise FrameError(f"error {error['code']} is not one that {method!r} is said to give")

    def taken(self, item):
        methods = self.pending.get(key(item["id"]))
        if not methods:
            raise FrameError(f"a reply with id {item['id']!r}, for which no request is in flight")
        # Of two requests with one id, the second is refused while the first is in flight.
        method = methods.pop() if "error" in item else methods.pop(0)
        if methods:
            return method
        del self.pending[key(item["id"])]
        for token in [token for token, owner in self.tokens.items() if owner == key(item["id"])]:
            self.sequences.pop(token, None)
        return method

    def require(self, type_name, value):
        problem = self.validators.problem(type_name, value)
        if problem:
            raise FrameError(f"not a {type_name}: {problem}")

    def require_schema(self, schema, value, method):
        schema = {**schema, **({"$ref": schema["$ref"].removeprefix("schemas/")} if "$ref" in schema else {})}
        problem = self.validators.problem_of(schema, value)
        if problem:
            raise FrameError(f"{method}: {problem}")


def key(value):
    """Ids that are numerically equal are equal; true is not 1."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return ("number", value)
    return (type(value).__name__, repr(value))
