import { type Engine, validOptions } from "../engine.ts";
import { readOnlyGrants } from "./grants.ts";
import { createMysqlConnector } from "./mysql-connector.ts";
import type { MysqlOptions } from "./options.ts";

export const mysqlEngine: Engine = {
  open: (options) => createMysqlConnector(mysqlOptions(options)),
  grants: readOnlyGrants,
};

export function mysqlOptions(given: unknown): MysqlOptions {
  return validOptions<MysqlOptions>("mysql", given);
}
