import { join } from "node:path";
import { packageRoot } from "../contracts/package-root.ts";

/** Where embedded servers keep what is the same for every run: binaries and jars. */
export const cacheFolder = join(packageRoot, ".duijie", "cache");
