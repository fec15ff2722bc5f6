import { join } from "node:path";
import type { EntityName } from "../../contracts/entity.ts";
import type { CheckedDatabase } from "./checker-databases.ts";
import { csvFile } from "./csv-target.ts";
import { MysqlRegistry } from "./mysql-registry.ts";
import type { EntityEntry, RegistryEntities } from "./registry-config.ts";
import type { RegistryFiles, RegistryTarget } from "./registry-target.ts";
import { vendorEntities } from "./vendor-writer.ts";

export interface DemoPlace {
  /** URL of the empty database that a registry may be made in. */
  readonly registryUrl: string;
  /** URL of the source's own server, where it has one. */
  readonly serverUrl?: string;
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
  /** A server that the demo starts for it, beside PostgreSQL. */
  readonly server?: "mariadb";
  /** Where the checker finds it, if that is neither PostgreSQL nor files. */
  checked?(place: DemoPlace): CheckedDatabase;
}

/** One entry a source; `npm run demo -- --source <name>`, or `--engine <name>` of a database. */
export const demoSources = {
  postgres: {
    target: ({ registryUrl }) => ({ registryUrl }),
    registry: (_, entities) => ({ engine: "postgres", url: { file: "./secrets/registry.url" }, entities }),
  },
  mysql: {
    server: "mariadb",
    target: (place) => ({ openDatabase: async () => await MysqlRegistry.open(serverUrl(place)) }),
    registry: (_, entities) => ({
      engine: "mysql",
      url: { file: "./secrets/registry-server.url" },
      entities,
    }),
    checked: (place) => ({ engine: "mysql", url: serverUrl(place) }),
  },
  csv: files("utf8"),
  "csv-gb18030": files("gb18030"),
  vendor: {
    target: ({ registryUrl }) => ({ registryUrl }),
    registry: (_, entities) => ({ engine: "vendor", entities: vendorEntities(entities) }),
    isWritten: true,
  },
} as const satisfies Readonly<Record<string, DemoSource>>;

/** Sources that are a database's engine, as `--engine` takes them. */
export const demoEngines: readonly DemoSourceName[] = ["postgres", "mysql"];

export type DemoSourceName = keyof typeof demoSources;

export function isDemoSource(name: string): name is DemoSourceName {
  return Object.hasOwn(demoSources, name);
}

function serverUrl({ serverUrl: url }: DemoPlace): string {
  if (url === undefined) throw new RangeError("the source's server is not up");
  return url;
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
