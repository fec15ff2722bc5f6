import { join } from "node:path";
import type { EntityName } from "../../contracts/entity.ts";
import { csvFile } from "./csv-target.ts";
import type { EntityEntry, RegistryEntities } from "./registry-config.ts";
import type { RegistryFiles, RegistryTarget } from "./registry-target.ts";
import { vendorEntities } from "./vendor-writer.ts";

export interface DemoPlace {
  /** URL of the empty database that a registry may be made in. */
  readonly registryUrl: string;
  /** The folder of what is generated. */
  readonly generated: string;
}

/** One form in which the demo's province can have its registry. */
export interface DemoSource {
  target(place: DemoPlace): RegistryTarget;
  /** `registry` of the province's configuration. */
  registry(place: DemoPlace, entities: RegistryEntities): object;
  /** A vendor takes what was generated for its own system and writes it into the exchange-db; else the product reads it. */
  readonly isWritten?: true;
}

/** One line a source; `npm run demo -- --source <name>`. */
export const demoSources = {
  postgres: {
    target: ({ registryUrl }) => ({ registryUrl }),
    registry: (_, entities) => ({ engine: "postgres", url: { file: "./secrets/registry.url" }, entities }),
  },
  csv: files("utf8"),
  "csv-gb18030": files("gb18030"),
  vendor: {
    target: ({ registryUrl }) => ({ registryUrl }),
    registry: (_, entities) => ({ engine: "vendor", entities: vendorEntities(entities) }),
    isWritten: true,
  },
} as const satisfies Readonly<Record<string, DemoSource>>;

export type DemoSourceName = keyof typeof demoSources;

export function isDemoSource(name: string): name is DemoSourceName {
  return Object.hasOwn(demoSources, name);
}

function files(charset: RegistryFiles["charset"]): DemoSource {
  const folderOf = ({ generated }: DemoPlace) => join(generated, "registry");
  return {
    target: (place) => ({ files: { folder: folderOf(place), charset } }),
    registry: (place, entities) => ({
      engine: "csv",
      folder: folderOf(place),
      charset,
      entities: fileEntities(entities),
    }),
  };
}

/** The same registry, each table in a file of its own. */
export function fileEntities(entities: RegistryEntities): RegistryEntities {
  const inFiles: Partial<Record<EntityName, EntityEntry>> = {};
  let name: EntityName;
  for (name in entities) {
    const { table = "", query, ...entry } = entities[name] ?? { key: [], fields: {} };
    if (query !== undefined) throw new RangeError(`${name}: no file answers a query`);
    inFiles[name] = { file: csvFile(table.slice(table.indexOf(".") + 1)), ...entry };
  }
  return inFiles;
}
