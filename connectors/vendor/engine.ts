import { type Engine, validOptions } from "../engine.ts";
import { createPostgresConnector } from "../postgres/postgres-connector.ts";
import { loadQuery } from "./load-query.ts";

interface VendorOptions {
  readonly retentionDays: number;
  readonly statementTimeoutMs: number;
  readonly concurrentReads: number;
}

/** Loads of vendors are tables of the exchange-db, so they are read as any registry on PostgreSQL is. */
export const vendorEngine: Engine = {
  open: (given, { exchangeUrl }) => {
    const { concurrentReads, statementTimeoutMs } = vendorOptions(given);
    return createPostgresConnector({
      url: exchangeUrl,
      charset: "auto",
      statementTimeoutMs,
      connectTimeoutMs: 15_000,
      tls: false,
      concurrentReads,
    });
  },
  grants: null,
  loads: { query: loadQuery },
};

export function vendorOptions(given: unknown): VendorOptions {
  return validOptions<VendorOptions>("vendor", given);
}
