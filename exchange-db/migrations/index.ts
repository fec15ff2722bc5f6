import { ControlTables1700000000001 } from "./000001-control-tables.ts";
import { StagingTables1700000000002 } from "./000002-staging-tables.ts";
import { Recall1700000000003 } from "./000003-recall.ts";
import { VendorLoads1700000000004 } from "./000004-vendor-loads.ts";
import { Schedule1700000000005 } from "./000005-schedule.ts";
import { RowLevelSecurity1700000000009 } from "./000009-row-level-security.ts";
import { BatchCounties1700000000014 } from "./000014-batch-counties.ts";
import { Vacuum1700000000016 } from "./000016-vacuum.ts";

/** In order. A released migration is never edited: a change is a new one. */
export const exchangeMigrations = [
  ControlTables1700000000001,
  StagingTables1700000000002,
  Recall1700000000003,
  VendorLoads1700000000004,
  Schedule1700000000005,
  RowLevelSecurity1700000000009,
  BatchCounties1700000000014,
  Vacuum1700000000016,
];
