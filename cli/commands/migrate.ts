import type { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { Store } from "../../exchange-db/store.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import { seedRegions } from "../../national/reference/ministry-regions.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { type OwnerOptions, ownerUrl } from "../owner-url.ts";

/** `migrate`: the database of this node brought up to date, as its owner. */
export function migrateCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(
      parent,
      "migrate",
      async (invocation, command) => await run(invocation, command.opts<OwnerOptions>()),
    )
    .option("--owner-url-env <name>", frame.text("ownerUrlEnv"));
}

async function run(invocation: Invocation, options: OwnerOptions): Promise<ExitCode> {
  const config = loadConfig(invocation.configFile, invocation.env);
  const { terminal } = invocation;
  const database = config.role === "province" ? config.exchangeDb : config.database;
  const url = ownerUrl(invocation, options) ?? database.url.reveal();
  const applied =
    config.role === "province"
      ? await migrate(url, "exchange", exchangeMigrations)
      : await migrate(url, "national", nationalMigrations);
  const regions = config.role === "national" ? await seed(url) : 0;
  if (invocation.json) {
    terminal.json({ role: config.role, applied, ...(config.role === "national" ? { regions } : {}) });
    return 0;
  }
  if (applied.length === 0) terminal.say("migrate.current");
  for (const name of applied) terminal.say("migrate.applied", { name });
  if (config.role === "national") terminal.say("migrate.regions", { regions });
  return 0;
}

async function seed(url: string): Promise<number> {
  const store = new Store({ url, name: "national", connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    return await seedRegions(store);
  } finally {
    await store.close();
  }
}
