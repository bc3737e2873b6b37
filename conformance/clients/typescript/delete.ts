// Deletes snapshots: node built/delete.js ENDPOINT ID...
import { Refused, Snapshots } from "./client.js";

const [endpoint, ...ids] = process.argv.slice(2);
if (!endpoint) throw new Error("usage: delete ENDPOINT ID...");
const { ZENLAYERCLOUD_ACCESS_KEY_ID: id, ZENLAYERCLOUD_ACCESS_KEY_PASSWORD: secret } = process.env;

try {
  const left = await new Snapshots(endpoint, id && secret ? { id, secret } : undefined).delete(...ids);
  for (const snapshot of left) console.log("left", snapshot);
} catch (reason) {
  if (!(reason instanceof Refused)) throw reason;
  if (reason.is("INVALID_DISK_SNAPSHOT_NOT_FOUND")) {
    console.log("gone already");
  } else {
    console.error("refused:", reason.message);
    process.exitCode = 1;
  }
}
