// A client of DeleteSnapshots. All that it knows of the API is in api.ts, which is generated from the contract.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api.js";
import { signing, type Key } from "./signature.js";

export type Failure = components["schemas"]["Failure"];
export type ErrorCode = components["schemas"]["ErrorCode"];

/** Refused says that nothing was deleted, and why. */
export class Refused extends Error {
  readonly status: number;
  readonly failure: Failure;

  constructor(status: number, failure: Failure) {
    super(`${status} ${failure.code}: ${failure.message} (${failure.requestId})`);
    this.status = status;
    this.failure = failure;
  }

  /** is compares with a code that the contract has; an answer may have others. */
  is(code: ErrorCode): boolean {
    return this.failure.code === code;
  }
}

export class Snapshots {
  readonly #client: Client<paths>;

  constructor(endpoint: string, key?: Key) {
    this.#client = createClient<paths>({ baseUrl: endpoint });
    if (key) this.#client.use(signing(key));
  }

  /** delete deletes what can be deleted, and gives the ids of the others. It throws Refused where nothing could be. */
  async delete(...snapshotIds: string[]): Promise<string[]> {
    const { data, error, response } = await this.#client.POST("/api/v2/zec", {
      params: { header: { "X-ZC-Action": "DeleteSnapshots", "X-ZC-Version": "2025-09-01" } },
      body: { snapshotIds },
    });
    if (data) return data.response.snapshotIds ?? [];
    if (error?.code) throw new Refused(response.status, error);
    throw new Error(`${response.status} ${response.statusText}: no answer of the API`); // but of something before it
  }
}
