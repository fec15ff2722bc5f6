import { resolve } from "node:path";
import { type Engine, validOptions } from "../engine.ts";
import { CsvConnector } from "./csv-connector.ts";
import type { CsvOptions } from "./options.ts";

export const csvEngine: Engine = {
  open: (given, { folder }) => {
    const options = validOptions<CsvOptions>("csv", given);
    return new CsvConnector({
      ...options,
      folder: resolve(folder, options.folder),
      workFolder: resolve(folder, options.workFolder),
    });
  },
  // Files have no roles: who may read them, the operating system says.
  grants: null,
};
