import type { Charset } from "../charset.ts";
import type { Clock } from "../read-pace.ts";

/** What `config.schema.json` describes, with secrets already resolved. Defaults stand there, not here. */
export interface PostgresOptions {
  /** A postgres:// URL; or the parts below. */
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  /** `auto` takes the server's word; a SQL_ASCII database has none, so there it must be said. */
  readonly charset: "auto" | Charset;
  /** The longest that one statement may run, or a read may wait for its next bytes. */
  readonly statementTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly tls: boolean | PostgresTls;
  /** Connections to the registry, over all that this process does there. */
  readonly concurrentReads: number;
}

/** PEM texts. The server's certificate is always verified. */
export interface PostgresTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What a test replaces. */
export interface PostgresDependencies {
  readonly clock?: Clock;
  /** By which the server lists our sessions; `duijie` where it is not given. */
  readonly applicationName?: string;
}
