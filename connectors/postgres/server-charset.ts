import { DuijieError } from "../../contracts/errors.ts";
import type { Charset } from "../charset.ts";

/** How the bytes of this server are read. */
export interface ServerCharset {
  readonly charset: Charset;
  readonly serverEncoding: string;
  /** The server guarantees UTF-8, so that text may go to it and come from it as it is. */
  readonly isUnicode: boolean;
}

/** Charsets that a declaration may name beside each server encoding; the first is meant by `auto`. */
const readable: ReadonlyMap<string, readonly Charset[]> = new Map([
  ["UTF8", ["utf8"]],
  ["EUC_CN", ["gb18030", "gbk"]],
  // PostgreSQL has these for clients alone; its domestic relatives have them for servers too.
  ["GBK", ["gbk", "gb18030"]],
  ["GB18030", ["gb18030", "gbk"]],
  ["SQL_ASCII", ["utf8", "gb18030", "gbk"]],
]);

/** Throws SOURCE_CHARSET_WRONG where the declared charset contradicts the server, or must be declared and is not. */
export function serverCharset(serverEncoding: string, declared: "auto" | Charset): ServerCharset {
  const possible = readable.get(serverEncoding) ?? [];
  // SQL_ASCII means "any bytes": a guess here would be mojibake for a whole province.
  const charset = declared === "auto" && serverEncoding !== "SQL_ASCII" ? possible[0] : declared;
  if (charset === undefined || charset === "auto" || !possible.includes(charset)) {
    throw new DuijieError("SOURCE_CHARSET_WRONG", {
      serverEncoding,
      declared,
      possible: possible.join(", "),
    });
  }
  return { charset, serverEncoding, isUnicode: serverEncoding === "UTF8" };
}
