import { DuijieError } from "../../contracts/errors.ts";
import { scratchRefused } from "../conformance/scratch-refused.ts";
import { type Engine, validOptions } from "../engine.ts";
import { readOnlyGrants } from "./grants.ts";
import type { PostgresOptions } from "./options.ts";
import { createPostgresConnector } from "./postgres-connector.ts";
import { PostgresScratch } from "./scratch.ts";

export const postgresEngine: Engine = {
  open: (options) => createPostgresConnector(postgresOptions(options)),
  grants: readOnlyGrants,
  scratch: async (given, { ownerUrl, schema }) => {
    if (ownerUrl === undefined) throw scratchRefused("owner", { schema });
    return await PostgresScratch.open({ ownerUrl, schema, reader: postgresOptions(given) });
  },
};

/** The connector takes a URL as it is; a password that stands apart goes into it. */
export function postgresOptions(given: unknown): PostgresOptions {
  const options = validOptions<PostgresOptions>("postgres", given);
  const { url, password, ...rest } = options;
  if (url === undefined || password === undefined) return options;
  if (!URL.canParse(url)) throw new DuijieError("CONFIG_INVALID", { setting: "registry.url" });
  const parsed = new URL(url);
  parsed.password = encodeURIComponent(password);
  return { ...rest, url: parsed.href };
}
