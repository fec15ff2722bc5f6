import type { Connector } from "./connector.ts";
import type { PostgresOptions } from "./postgres/options.ts";
import { createPostgresConnector } from "./postgres/postgres-connector.ts";

/** Engine name in configuration → factory. One line an engine; its part of the configuration has its schema beside it. */
export const engines = {
  postgres: (options: PostgresOptions): Connector => createPostgresConnector(options),
} as const;

export type EngineName = keyof typeof engines;
