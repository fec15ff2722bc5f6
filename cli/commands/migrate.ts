import type { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { migrate } from "../../exchange-db/migrate.ts";
import { exchangeMigrations } from "../../exchange-db/migrations/index.ts";
import { Store } from "../../exchange-db/store.ts";
import { nationalMigrations } from "../../national/migrations/index.ts";
import { seedRegions } from "../../national/reference/ministry-regions.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";

interface Options {
  readonly ownerUrlEnv?: string;
}

/** `migrate`: the database of this node brought up to date, as its owner. */
export function migrateCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "migrate", async (invocation, command) => await run(invocation, command.opts<Options>()))
    .option("--owner-url-env <name>", frame.text("ownerUrlEnv"));
}

async function run(invocation: Invocation, options: Options): Promise<ExitCode> {
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

/** The daemon's role may not change tables; its owner's URL comes by the environment, never by an argument. */
function ownerUrl({ env }: Invocation, { ownerUrlEnv }: Options): string | undefined {
  if (ownerUrlEnv === undefined) return undefined;
  const url = env[ownerUrlEnv];
  if (url === undefined || url === "") throw new DuijieError("SECRET_MISSING", { variable: ownerUrlEnv });
  return url;
}

async function seed(url: string): Promise<number> {
  const store = new Store({ url, name: "national", connectionsMax: 1, statementTimeoutMs: 0 });
  try {
    return await seedRegions(store);
  } finally {
    await store.close();
  }
}
