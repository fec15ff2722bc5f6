import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";

const mebibyte = 1024 * 1024;

/**
 * A disk of its own, small enough to be filled: a tmpfs. Only root can mount one; without, `SmallDisk.mount` gives the
 * reason, and faults of full disks are reported as skipped.
 */
export class SmallDisk {
  readonly folder: string;

  static mount(
    folder: string,
    mebibytes: number,
    account?: { readonly uid: number; readonly gid: number },
  ): SmallDisk | string {
    mkdirSync(folder, { recursive: true });
    try {
      SmallDisk.unmount(folder);
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0755`, "tmpfs", folder], {
        stdio: ["ignore", "ignore", "pipe"],
      });
    } catch (error) {
      return `no tmpfs can be mounted here (${firstLine(error)})`;
    }
    if (account !== undefined) chownSync(folder, account.uid, account.gid);
    return new SmallDisk(folder);
  }

  /** Also what a run left behind that was killed. */
  static unmount(folder: string): void {
    const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
    for (const mount of mounts)
      if (mount.split(" ")[1] === folder) execFileSync("umount", ["-l", folder], { stdio: "ignore" });
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Bytes that are left. */
  get free(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  /** Fills it to the last byte. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, "w");
    try {
      for (const size of [mebibyte, 4096]) {
        const bytes = Buffer.alloc(size);
        while (await written(file.write(bytes)));
      }
    } finally {
      await file.close();
    }
  }

  async empty(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  remove(): void {
    SmallDisk.unmount(this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #ballast(): string {
    return join(this.folder, "ballast");
  }
}

async function written(writing: Promise<{ bytesWritten: number }>): Promise<boolean> {
  try {
    return (await writing).bytesWritten > 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  return text.trim().split("\n")[0] ?? "";
}
