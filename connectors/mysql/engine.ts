import { scratchRefused } from "../conformance/scratch-refused.ts";
import { type Engine, validOptions } from "../engine.ts";
import { readOnlyGrants } from "./grants.ts";
import { createMysqlConnector } from "./mysql-connector.ts";
import type { MysqlOptions } from "./options.ts";
import { MysqlScratch } from "./scratch.ts";

export const mysqlEngine: Engine = {
  open: (options) => createMysqlConnector(mysqlOptions(options)),
  grants: readOnlyGrants,
  scratch: async (given, { ownerUrl, schema }) => {
    if (ownerUrl === undefined) throw scratchRefused("owner", { schema });
    return await MysqlScratch.open({ ownerUrl, schema, reader: mysqlOptions(given) });
  },
};

export function mysqlOptions(given: unknown): MysqlOptions {
  return validOptions<MysqlOptions>("mysql", given);
}
