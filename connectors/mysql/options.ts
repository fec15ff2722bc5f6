import { DuijieError } from "../../contracts/errors.ts";
import type { Charset } from "../charset.ts";
import type { Clock } from "../read-pace.ts";

/** What `config.schema.json` describes, with secrets already resolved. Defaults stand there, not here. */
export interface MysqlOptions {
  /** A mysql:// URL; or the parts below. */
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  /** What the bytes of columns are that have no charset of Chinese text; `auto` refuses such columns. */
  readonly charset: "auto" | Charset;
  /** The longest that one statement may run, or a read may wait for its next bytes. */
  readonly statementTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly tls: boolean | MysqlTls;
  /** Connections to the registry, over all that this process does there. */
  readonly concurrentReads: number;
}

/** PEM texts. The server's certificate and name are always verified. */
export interface MysqlTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What a test replaces. */
export interface MysqlDependencies {
  readonly clock?: Clock;
}

/** Where the server is and who asks. */
export interface MysqlAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

const defaultPort = 3306;

/** A password that stands apart goes before the URL's. CONFIG_INVALID where the URL names no server and database. */
export function addressOf(options: MysqlOptions): MysqlAddress {
  const { url, host, port, database, user, password } = options;
  if (url === undefined) {
    return {
      host: host ?? "",
      port: port ?? defaultPort,
      database: database ?? "",
      user: user ?? "",
      password: password ?? "",
    };
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^(?:mysql|mariadb):$/.test(parsed.protocol) || parsed.pathname.length < 2)
    throw new DuijieError("CONFIG_INVALID", { setting: "registry.url" });
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: parsed.port === "" ? defaultPort : Number(parsed.port),
    database: unescaped(parsed.pathname.slice(1)),
    user: unescaped(parsed.username),
    password: password ?? unescaped(parsed.password),
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DuijieError("CONFIG_INVALID", { setting: "registry.url" });
  }
}
