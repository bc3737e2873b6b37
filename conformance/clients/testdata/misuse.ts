// What the contract forbids, its types forbid. A line that compiles in spite of the mark above it fails the compilation.
import type { components, operations } from "./api.js";

type Schemas = components["schemas"];
type Action = Schemas["Action"];
type Version = Schemas["Version"];
type ErrorCode = Schemas["ErrorCode"];
type Request = Schemas["DeleteSnapshotsRequest"];
type Result = Schemas["DeleteSnapshotsResult"];
type Outcome = Schemas["DeleteSnapshotsOutcome"];
type Failure = Schemas["Failure"];
type Headers = operations["DeleteSnapshots"]["parameters"]["header"];

// @ts-expect-error: no such action
export const action: Action = "DeleteSnapshot";

// @ts-expect-error: no such version
export const version: Version = "2025-09-02";

// @ts-expect-error: no such code
export const code: ErrorCode = "SNAPSHOT_NOT_FOUND";

// @ts-expect-error: ids are a list
export const single: Request = { snapshotIds: "snap-1" };

// @ts-expect-error: and have to be there
export const empty: Request = {};

// @ts-expect-error: with nothing beside them
export const more: Request = { snapshotIds: ["snap-1"], force: true };

// @ts-expect-error: a call says what is to be done
export const headers: Headers = { "X-ZC-Version": "2025-09-01" };

// @ts-expect-error: the list of an answer may be null, or not there
export const left = (outcome: Outcome) => outcome.snapshotIds.length;

// @ts-expect-error: a failure is no success
export const mistaken = (failure: Failure): Result => failure;
