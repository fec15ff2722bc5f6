import { createHash } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DuijieError } from "../contracts/errors.ts";

/** The system user that a server runs as. */
export type ServerAccount = { readonly uid: number; readonly gid: number };

/** Looked for in this order; both exist on every common Linux or after installing any PostgreSQL. */
const accountNames = ["postgres", "nobody"];

/** Where root's servers keep their files when the wanted place is closed to other users. Only root can write here. */
const rootsPlace = "/var/lib/duijie";

/** PostgreSQL refuses to run as root: root's servers run as another user. Undefined: run as the user we are. */
export function serverAccount(
  passwdFile = "/etc/passwd",
  uid = process.getuid?.(),
): ServerAccount | undefined {
  if (uid !== 0) return undefined;
  const users = readFileSync(passwdFile, "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const name of accountNames) {
    const user = users.find(([login]) => login === name);
    if (user !== undefined && Number(user[2]) > 0) return { uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new DuijieError("SETUP_FAILED", {
    step: "PostgreSQL",
    found: `uid 0, and none of the users ${accountNames.join(", ")} to run it as`,
  });
}

/**
 * A folder that the account can reach: the wanted one, or, below a closed folder such as root's home, a folder of
 * its own elsewhere. The same wanted folder always gives the same answer.
 */
export function reachableFolder(wanted: string, account: ServerAccount | undefined): string {
  const folder = resolve(wanted);
  if (account === undefined || isOpenToOthers(dirname(folder))) return folder;
  const digest = createHash("sha256").update(folder).digest("hex").slice(0, 12);
  return join(rootsPlace, `${basename(folder)}-${digest}`);
}

/** Makes a folder that belongs to the account and is closed to everybody else. */
export function makeOwnedFolder(folder: string, account: ServerAccount | undefined): void {
  makeOpenFolder(dirname(folder));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
}

/** Makes a folder, with its parents, that everybody can enter whatever the umask says. */
export function makeOpenFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = resolve(folder); made.length >= resolve(first).length; made = dirname(made))
    chmodSync(made, 0o755);
}

function isOpenToOthers(folder: string): boolean {
  for (let place = folder; ; place = dirname(place)) {
    // A folder that does not exist yet will be made open.
    const mode = statSync(place, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && (mode & 0o001) === 0) return false;
    if (place === dirname(place)) return true;
  }
}
