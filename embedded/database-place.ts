import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ProcessIdentity } from "./process-identity.ts";
import { makeOwnedFolder, reachableFolder, type ServerAccount, serverAccount } from "./server-account.ts";
import { clearState, endProcess, removeServerFolder, runningServer } from "./state.ts";

/** Where a database server of ours has its things. */
export interface DatabasePlace {
  readonly folder: string;
  /** Where its account can reach it; that need not be below `folder`. */
  readonly data: string;
  readonly logFile: string;
  readonly account: ServerAccount | undefined;
}

/** Makes the folders of a server; `data` and `log` name what stands in them. */
export function databasePlace(
  dataFolder: string,
  names: { readonly data: string; readonly log: string },
): DatabasePlace {
  const folder = resolve(dataFolder);
  const account = serverAccount();
  const reachable = reachableFolder(join(folder, "data"), account);
  makeOwnedFolder(reachable, account);
  mkdirSync(folder, { recursive: true });
  return { folder, data: join(reachable, names.data), logFile: join(folder, names.log), account };
}

/** Ends the server on this folder, if any, and removes the folder with the data, wherever those stand. */
export async function removeDatabase(dataFolder: string): Promise<void> {
  const folder = resolve(dataFolder);
  await removeServerFolder(folder);
  rmSync(reachableFolder(join(folder, "data"), serverAccount()), { recursive: true, force: true });
}

/** Ends the server and forgets it, unless another one runs there by now. */
export async function endDatabase(
  { folder }: DatabasePlace,
  server: ProcessIdentity,
  signal: NodeJS.Signals,
): Promise<void> {
  await endProcess(server, signal);
  if (runningServer(folder)?.process.pid === server.pid) clearState(folder);
}
