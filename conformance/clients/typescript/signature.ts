// Signature v2: proves with a key who asks. The fetch that sends the request has to leave its body, type and host alone.
import { createHash, createHmac } from "node:crypto";
import type { Middleware } from "openapi-fetch";
import type { components } from "./api.js";

export interface Key {
  id: string;
  secret: string;
}

const method: components["schemas"]["SignatureMethod"] = "ZC2-HMAC-SHA256";
const signedHeaders = "content-type;host";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** signing signs each request that a client sends. */
export function signing(key: Key): Middleware {
  return {
    async onRequest({ request }) {
      const timestamp = Math.floor(Date.now() / 1000).toString();
      const type = request.headers.get("content-type") ?? "";
      const { host } = new URL(request.url);
      const body = await request.clone().text();
      const canonical = [
        "POST", "/", "", // whatever the path is
        `content-type:${type}`, `host:${host}`, "",
        signedHeaders, sha256(body),
      ].join("\n");
      const signature = createHmac("sha256", key.secret)
        .update([method, timestamp, sha256(canonical)].join("\n"))
        .digest("hex");
      request.headers.set("X-ZC-Timestamp", timestamp);
      request.headers.set("X-ZC-Signature-Method", method);
      request.headers.set("Authorization",
        `${method} Credential=${key.id}, SignedHeaders=${signedHeaders}, Signature=${signature}`);
      return request;
    },
  };
}
