import { join } from "node:path";
import type { Context } from "mocha";
import { DuijieError } from "../../contracts/errors.ts";
import { packageRoot } from "../../contracts/package-root.ts";
import { createTexts } from "../../contracts/texts.ts";
import { removeDatabase } from "../../embedded/database-place.ts";
import { mariadbBinaries } from "../../embedded/mariadb-binaries.ts";
import { startMariadb } from "../../embedded/mariadb-server.ts";
import { serverAccount } from "../../embedded/server-account.ts";
import { skip } from "./skip.ts";

/** A MySQL or MariaDB that the tests may create databases and accounts in. */
export interface TestMysql {
  readonly adminUrl: string;
}

/** Settings that would change how values are written and read: a connector must not mind. */
export const hostileSettings: Readonly<Record<string, string>> = {
  "default-time-zone": "-05:00",
  "sql-mode": "PAD_CHAR_TO_FULL_LENGTH,ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES",
  "net-write-timeout": "2",
};

interface Reason {
  readonly zh: string;
  readonly en: string;
}
type Found = { readonly server: TestMysql } | { readonly missing: Reason };
let found: Promise<Found> | undefined;
let stop: (() => Promise<void>) | undefined;

/** `npm test`'s server; one of its own when a test file is run alone. Skips, with the reason, where none is to be had. */
export async function testMysql(context: Context): Promise<TestMysql> {
  const answer = await foundMysql();
  return "server" in answer ? answer.server : skip(context, answer.missing.en);
}

/** For what starts a MariaDB by itself: skips, with the reason, where none is to be had. */
export async function skipWithoutMariadb(context: Context): Promise<void> {
  try {
    await mariadbBinaries(serverAccount());
  } catch (error) {
    skip(context, reasonOf(error).en);
  }
}

/** As `testMysql`, for what is no test: whoever asks ends it by `stopMysql`. */
export function foundMysql(): Promise<Found> {
  found ??= findMysql();
  return found;
}

export async function stopMysql(): Promise<void> {
  await stop?.();
  [found, stop] = [undefined, undefined];
}

async function findMysql(): Promise<Found> {
  const given = process.env["DUIJIE_TEST_MYSQL_URL"] ?? "";
  if (given !== "") return { server: { adminUrl: given } };
  const missing = process.env["DUIJIE_TEST_MYSQL_MISSING"] ?? "";
  if (missing !== "") return { missing: { zh: missing, en: missing } };
  const dataFolder = join(packageRoot, ".duijie", "test-alone", `mariadb-${process.pid}`);
  try {
    const server = await startMariadb({ dataFolder, settings: hostileSettings });
    stop = async () => {
      await server.stop();
      await removeDatabase(dataFolder);
    };
    return { server };
  } catch (error) {
    return { missing: reasonOf(error) };
  }
}

/** In words that a report of a run may show. Only a server that can't be had is a reason; anything else is a failure. */
export function reasonOf(error: unknown): Reason {
  if (!(error instanceof DuijieError) || error.code !== "SETUP_FAILED") throw error;
  const { code, params } = error;
  const words = (language: "zh" | "en") => createTexts(language)(`errors.${code}.what`, params);
  return { zh: words("zh"), en: words("en") };
}

const afterRun: (title: string, work: Mocha.AsyncFunc) => void =
  typeof after === "function" ? after : () => undefined;

afterRun("stops the MariaDB of this run", async function () {
  this.timeout(60_000);
  await stopMysql();
});
