// DeleteSnapshots in Node, of its standard library alone, with a testbed beside it: node server.mjs [PORT]
// Where the environment has ZENLAYERCLOUD_ACCESS_KEY_ID and ZENLAYERCLOUD_ACCESS_KEY_PASSWORD, requests have to be signed.

import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { env } from "node:process";

const maxBatch = 100;
const maxBody = 1 << 20; // bytes
const maxClockSkew = 300; // seconds
const signedHeaders = ["content-type", "host"]; // at the least
const states = ["NORMAL", "CREATING", "FAILED", "ROLLING_BACK", "DELETING"];

const snapshots = new Map(); // id -> state

class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

// The action itself: the ids that could not be deleted. Nothing in it waits, so that no other request comes between.
function deleteSnapshots(body) {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new Refused(400, "INVALID_PARAMETER_TYPE", "The body has to be an object.");
  }
  const named = body.snapshotIds;
  if (named === undefined || named === null) {
    throw new Refused(400, "MISSING_PARAMETER", "snapshotIds is required.");
  }
  if (!Array.isArray(named) || !named.every((id) => typeof id === "string")) {
    throw new Refused(400, "INVALID_PARAMETER_TYPE", "snapshotIds has to be an array of strings.");
  }
  if (named.length === 0) {
    throw new Refused(400, "INVALID_PARAMETER_LESS_LENGTH", "snapshotIds is empty.");
  }
  if (named.length > maxBatch) {
    throw new Refused(400, "INVALID_PARAMETER_EXCEED_LENGTH", `snapshotIds has more than ${maxBatch} members.`);
  }
  const ids = [...new Set(named)]; // an id that is named twice counts once
  const failed = ids.filter((id) => snapshots.get(id) !== "NORMAL");
  if (ids.length === 1 && failed.length === 1) {
    throw snapshots.has(ids[0])
      ? new Refused(400, "OPERATION_DENIED_DISK_SNAPSHOT_STATUS", "The snapshot is not NORMAL.")
      : new Refused(404, "INVALID_DISK_SNAPSHOT_NOT_FOUND", "There is no such snapshot.");
  }
  ids.filter((id) => !failed.includes(id)).forEach((id) => snapshots.delete(id));
  return failed;
}

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

// Signature v2: who sends this, and is it what was signed?
function authenticate(headers, text) {
  const { ZENLAYERCLOUD_ACCESS_KEY_ID: keyId, ZENLAYERCLOUD_ACCESS_KEY_PASSWORD: secret } = env;
  if (!keyId) return; // anybody is let in
  const form = /^ZC2-HMAC-SHA256 Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/;
  const [, claimed, list, signature] = form.exec(headers.authorization ?? "") ?? [];
  const timestamp = headers["x-zc-timestamp"] ?? "";
  const names = list?.split(";") ?? [];
  const signed = headers["x-zc-signature-method"] === "ZC2-HMAC-SHA256" && /^\d+$/.test(timestamp);
  if (!signed || claimed !== keyId || !signedHeaders.every((name) => names.includes(name))) {
    throw new Refused(401, "AUTHFAILURE_INVALID_AUTHORIZATION", "The request is not signed with a key that is known.");
  }
  const lines = names.map((name) => `${name}:${(headers[name] ?? "").trim()}`);
  const canonical = ["POST", "/", "", ...lines, "", list, sha256(text)].join("\n");
  const toSign = ["ZC2-HMAC-SHA256", timestamp, sha256(canonical)].join("\n");
  const expected = createHmac("sha256", secret).update(toSign).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, "hex"))) {
    throw new Refused(401, "AUTHFAILURE_SIGNATURE_FAILURE", "The signature does not fit the request.");
  }
  if (Math.abs(Math.floor(Date.now() / 1000) - Number(timestamp)) > maxClockSkew) {
    throw new Refused(401, "AUTHFAILURE_SIGNATURE_EXPIRED", "The request was signed too long ago.");
  }
}

function parse(text) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text));
  } catch {
    throw new Refused(400, "INVALID_PARAMETER_VALUE", "The body is not JSON.");
  }
}

// One request to the API: status and answer.
function api({ method, url, headers }, text) {
  const requestId = "T" + randomUUID().toUpperCase();
  try {
    if (text === null) {
      throw new Refused(413, "INVALID_PARAMETER_EXCEED_LENGTH", `The body may have ${maxBody} bytes.`);
    }
    authenticate(headers, text);
    if (method !== "POST" || url !== "/api/v2/zec" || headers["x-zc-action"] !== "DeleteSnapshots") {
      throw new Refused(403, "AUTHFAILURE_UNAUTHORIZED_OPERATION", "There is no such action.");
    }
    return [200, { requestId, response: { requestId, snapshotIds: deleteSnapshots(parse(text)) } }];
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    return [refused.status, { requestId, code: refused.code, message: refused.message }];
  }
}

// The testbed protocol: status and answer. The path is what follows the testbed's URL.
function testbed(method, path, text) {
  if (method === "GET" && path === "") return [200, { states }]; // what it can make
  if (method === "POST" && path === "/snapshots") { // make some
    const { state, count } = JSON.parse(text);
    if (!states.includes(state)) return [422, { error: "There is no such state." }];
    const snapshotIds = Array.from({ length: count }, () => `snap-${randomUUID()}`);
    snapshotIds.forEach((id) => snapshots.set(id, state));
    return [201, { snapshotIds }];
  }
  const snapshotId = decodeURIComponent(path.replace("/snapshots/", ""));
  if (method === "DELETE") { // release one
    snapshots.delete(snapshotId);
    return [204];
  }
  const state = snapshots.get(snapshotId); // look at one
  return state ? [200, { snapshotId, state }] : [404, { error: "There is no such snapshot." }];
}

const server = createServer(async (request, response) => {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= maxBody) chunks.push(chunk); // what is too long is not kept
  }
  const text = length <= maxBody ? Buffer.concat(chunks) : null;
  const [status, body] = request.url.startsWith("/testbed/v1")
    ? testbed(request.method, request.url.replace("/testbed/v1", ""), text)
    : api(request, text);
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(body && JSON.stringify(body));
});

server.keepAliveTimeout = 60_000; // ms; a connection that is closed sooner may just be taken for the next request
server.listen(Number(process.argv[2] ?? 8099), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
