import { resolve } from "node:path";
import { type Engine, validOptions } from "../engine.ts";
import { CsvConnector } from "./csv-connector.ts";
import type { CsvOptions } from "./options.ts";
import { CsvScratch } from "./scratch.ts";

export const csvEngine: Engine = {
  open: (given, { folder }) => {
    const options = validOptions<CsvOptions>("csv", given);
    return new CsvConnector({
      ...options,
      folder: resolve(folder, options.folder),
      workFolder: resolve(folder, options.workFolder),
    });
  },
  // The suite proves this program on this machine's files; it makes a folder of its own among its work files.
  scratch: async (given, { folder }) => {
    const { workFolder } = validOptions<CsvOptions>("csv", given);
    return await Promise.resolve(new CsvScratch(resolve(folder, workFolder)));
  },
  // Files have no roles: who may read them, the operating system says.
  grants: null,
};
