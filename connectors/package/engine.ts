import { resolve } from "node:path";
import { DuijieError } from "../../contracts/errors.ts";
import { type Engine, validOptions } from "../engine.ts";
import type { PackageOptions } from "./options.ts";
import { PackageConnector } from "./package-connector.ts";

export const packageEngine: Engine = {
  open: (given, { folder, province }) => {
    if (province === undefined) throw new DuijieError("CONFIG_INVALID", { setting: "province" });
    const options = validOptions<Omit<PackageOptions, "province">>("package", given);
    return new PackageConnector({
      ...options,
      province,
      folder: resolve(folder, options.folder),
      workFolder: resolve(folder, options.workFolder),
      keys: options.keys.map(({ id, publicKeyFile }) => ({
        id,
        publicKeyFile: resolve(folder, publicKeyFile),
      })),
    });
  },
  // Files have no roles: who may read them, the operating system says.
  grants: null,
};
