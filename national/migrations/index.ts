import { NodeTables1700000000001 } from "./000001-node-tables.ts";
import { RegistryTables1700000000002 } from "./000002-registry-tables.ts";
import { RowLevelSecurity1700000000009 } from "./000009-row-level-security.ts";
import { Vacuum1700000000016 } from "./000016-vacuum.ts";

/** In order. A released migration is never edited: a change is a new one. */
export const nationalMigrations = [
  NodeTables1700000000001,
  RegistryTables1700000000002,
  RowLevelSecurity1700000000009,
  Vacuum1700000000016,
];
