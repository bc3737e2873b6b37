"""The same as a testbed program, which serves the implementation besides: python3 bed.py PORT"""

import json, sys, threading, uuid
from server import STATES, Server, lock, snapshots

server = Server(int(sys.argv[1]))
threading.Thread(target=server.serve_forever, daemon=True).start()


def answer(verb, state=None, count=0, snapshotId=None):
    if verb == "states":
        return {"states": STATES}
    if verb == "make":
        if state not in STATES:
            return {"cannot": "There is no such state."}
        made = [f"snap-{uuid.uuid4()}" for _ in range(count)]
        snapshots.update(dict.fromkeys(made, state))
        return {"snapshotIds": made}
    if verb == "look":
        state = snapshots.get(snapshotId)
        return {"snapshotId": snapshotId, "state": state} if state else {"gone": True}
    if verb == "release":
        snapshots.pop(snapshotId, None)
        return {}
    return {"error": "There is no such verb."}


for line in sys.stdin:
    with lock:
        print(json.dumps(answer(**json.loads(line))), flush=True)
