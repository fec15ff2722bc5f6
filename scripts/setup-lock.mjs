/** One set-up at a time per clone. */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root, say } from "./say.mjs";

const folder = join(root, ".duijie");
const file = join(folder, "setup.lock");
/** The holder touches the file far more often than this; an older one belongs to a process that was killed. */
const staleAfterMs = 30_000;

/** Runs `work` while no other process of this clone does. */
export async function withSetupLock(work) {
  mkdirSync(folder, { recursive: true });
  let told = false;
  while (!take()) {
    if (!told) say("waiting");
    told = true;
    await delay(200);
  }
  const touch = setInterval(() => utimesSync(file, new Date(), new Date()), 2000);
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    process.off("exit", release);
    release();
  }
}

function take() {
  try {
    const handle = openSync(file, "wx");
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (isStale()) rmSync(file, { force: true });
    return false;
  }
}

function isStale() {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  const ageMs = Date.now() - stat.mtimeMs;
  if (ageMs > staleAfterMs) return true;
  try {
    const pid = Number(readFileSync(file, "utf8"));
    // Between making the file and writing into it the pid is not there yet.
    if (!(pid > 0)) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}
