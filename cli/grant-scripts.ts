import { join } from "node:path";
import type { ProvinceConfig } from "../config/config.ts";
import { engineOf } from "../connectors/engines.ts";
import { daemonGrants, exchangeRights, nationalRights } from "./daemon-rights.ts";
import { toSourceEntities } from "./sources.ts";
import type { Terminal } from "./terminal.ts";

export interface NewFile {
  readonly path: string;
  readonly text: string;
}

const roles = {
  registry: "duijie_reader",
  exchange: "duijie_exchange",
  national: "duijie_national",
} as const;

/** The scripts that owners of a province's databases run: what our roles may do there, and nothing more. */
export function provinceGrants(
  config: ProvinceConfig,
  folder: string,
  terminal: Terminal,
): readonly NewFile[] {
  const registry = engineOf(config.registry.engine).grants?.(
    toSourceEntities(config),
    roles.registry,
    (key, params = {}) => terminal.texts(`connectors.${key}`, params),
  );
  const exchange = daemonGrants(exchangeRights(), roles.exchange, [
    terminal.text("grants.exchange", { role: roles.exchange }),
    terminal.text("grants.password", { role: roles.exchange }),
  ]);
  return [
    ...(registry === undefined
      ? []
      : [{ path: join(folder, "grants", "registry-readonly.sql"), text: registry }]),
    { path: join(folder, "grants", "exchange-daemon.sql"), text: exchange },
  ];
}

export function nationalGrants(folder: string, terminal: Terminal): readonly NewFile[] {
  const text = daemonGrants(nationalRights(), roles.national, [
    terminal.text("grants.national", { role: roles.national }),
    terminal.text("grants.password", { role: roles.national }),
  ]);
  return [{ path: join(folder, "grants", "national-daemon.sql"), text }];
}
