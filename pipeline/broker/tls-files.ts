import { readFile } from "node:fs/promises";
import { DuijieError } from "../../contracts/errors.ts";
import type { BrokerOptions } from "./broker.ts";

export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The PEM texts of the connection's TLS files; null without TLS. Throws FILE_UNREADABLE. */
export async function readTlsFiles(tls: BrokerOptions["tls"]): Promise<TlsTexts | null> {
  if (tls === undefined) return null;
  return {
    ...(tls.caFile === undefined ? {} : { ca: await readText(tls.caFile) }),
    ...(tls.certFile === undefined ? {} : { cert: await readText(tls.certFile) }),
    ...(tls.keyFile === undefined ? {} : { key: await readText(tls.keyFile) }),
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new DuijieError("FILE_UNREADABLE", { file }, cause);
  }
}
