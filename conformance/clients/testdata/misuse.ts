// What the contract forbids, its types forbid. A line that compiles in spite of the mark above it fails the compilation.
import type { components, operations } from "./api.js";

type Schemas = components["schemas"];

// @ts-expect-error: no such action
export const action: Schemas["Action"] = "DeleteSnapshot";

// @ts-expect-error: no such version
export const version: Schemas["Version"] = "2025-09-02";

// @ts-expect-error: no such code
export const code: Schemas["ErrorCode"] = "SNAPSHOT_NOT_FOUND";

// @ts-expect-error: ids are a list
export const single: Schemas["DeleteSnapshotsRequest"] = { snapshotIds: "snap-1" };

// @ts-expect-error: and have to be there
export const empty: Schemas["DeleteSnapshotsRequest"] = {};

// @ts-expect-error: with nothing beside them
export const more: Schemas["DeleteSnapshotsRequest"] = { snapshotIds: ["snap-1"], force: true };

// @ts-expect-error: a call says what is to be done
export const headers: operations["DeleteSnapshots"]["parameters"]["header"] = { "X-ZC-Version": "2025-09-01" };

// @ts-expect-error: the list of an answer may be null, or not there
export const left = (outcome: Schemas["DeleteSnapshotsOutcome"]) => outcome.snapshotIds.length;

// @ts-expect-error: a failure is no success
export const mistaken = (failure: Schemas["Failure"]): Schemas["DeleteSnapshotsResult"] => failure;
