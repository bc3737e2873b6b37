"""DeleteSnapshots in Python, of its standard library alone, with a testbed beside it: python3 server.py [PORT]"""

import json, sys, threading, urllib.parse, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BATCH = 100
MAX_BODY = 1 << 20  # bytes
STATES = ["NORMAL", "CREATING", "FAILED", "ROLLING_BACK", "DELETING"]

snapshots, lock = {}, threading.Lock()  # id -> state


class Refused(Exception):
    def __init__(self, status, code, message):
        self.status, self.body = status, {"code": code, "message": message}


def delete_snapshots(body):
    """The action itself: the ids that could not be deleted."""
    if not isinstance(body, dict):
        raise Refused(400, "INVALID_PARAMETER_TYPE", "The body has to be an object.")
    ids = body.get("snapshotIds")
    if ids is None:
        raise Refused(400, "MISSING_PARAMETER", "snapshotIds is required.")
    if not isinstance(ids, list) or not all(isinstance(i, str) for i in ids):
        raise Refused(400, "INVALID_PARAMETER_TYPE", "snapshotIds has to be an array of strings.")
    if not ids:
        raise Refused(400, "INVALID_PARAMETER_LESS_LENGTH", "snapshotIds is empty.")
    if len(ids) > MAX_BATCH:
        raise Refused(400, "INVALID_PARAMETER_EXCEED_LENGTH", f"snapshotIds has more than {MAX_BATCH} members.")
    ids = list(dict.fromkeys(ids))  # an id that is named twice counts once
    with lock:  # a batch is one step: no other comes between the look and the deletion
        failed = [i for i in ids if snapshots.get(i) != "NORMAL"]
        if len(ids) == 1 and failed:
            if ids[0] in snapshots:
                raise Refused(400, "OPERATION_DENIED_DISK_SNAPSHOT_STATUS", "The snapshot is not NORMAL.")
            raise Refused(404, "INVALID_DISK_SNAPSHOT_NOT_FOUND", "There is no such snapshot.")
        for i in set(ids) - set(failed):
            del snapshots[i]
    return failed


def api(method, path, headers, text):
    """One request to the API: status and answer."""
    request_id = "T" + str(uuid.uuid4()).upper()
    try:
        if text is None:
            raise Refused(413, "INVALID_PARAMETER_EXCEED_LENGTH", f"The body may have {MAX_BODY} bytes.")
        if (method, path) != ("POST", "/api/v2/zec") or headers.get("X-ZC-Action") != "DeleteSnapshots":
            raise Refused(403, "AUTHFAILURE_UNAUTHORIZED_OPERATION", "There is no such action.")
        try:
            body = json.loads(text.decode("utf-8", "strict"))
        except (ValueError, RecursionError):
            raise Refused(400, "INVALID_PARAMETER_VALUE", "The body is not JSON.")
        failed = delete_snapshots(body)
        return 200, {"requestId": request_id, "response": {"requestId": request_id, "snapshotIds": failed}}
    except Refused as refused:
        return refused.status, {"requestId": request_id, **refused.body}


def testbed(method, path, text):
    """The testbed protocol: status and answer. The path is what follows the testbed's URL."""
    if method == "GET" and path == "":  # what it can make
        return 200, {"states": STATES}
    if method == "POST" and path == "/snapshots":  # make some
        order = json.loads(text)
        if order["state"] not in STATES:
            return 422, {"error": "There is no such state."}
        made = [f"snap-{uuid.uuid4()}" for _ in range(order["count"])]
        with lock:
            snapshots.update(dict.fromkeys(made, order["state"]))
        return 201, {"snapshotIds": made}
    snapshot_id = urllib.parse.unquote(path.removeprefix("/snapshots/"))
    with lock:
        if method == "DELETE":  # release one
            snapshots.pop(snapshot_id, None)
            return 204, None
        state = snapshots.get(snapshot_id)  # look at one
    if state is None:
        return 404, {"error": "There is no such snapshot."}
    return 200, {"snapshotId": snapshot_id, "state": state}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body are sent one after the other

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length) if length <= MAX_BODY else None
        if text is None:
            self.close_connection = True  # on it, the next request would begin where the body does
        if self.path.startswith("/testbed/v1"):
            self.answer(*testbed(self.command, self.path.removeprefix("/testbed/v1"), text))
        else:
            self.answer(*api(self.command, self.path, self.headers, text))

    do_GET = do_POST = do_DELETE = handle_any

    def answer(self, status, body):
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 128

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    server = Server(int(sys.argv[1]) if len(sys.argv) > 1 else 8099)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
