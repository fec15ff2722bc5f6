import { join } from "node:path";
import type { Config, NationalConfig, ProvinceConfig } from "../config/config.ts";
import { engineOf } from "../connectors/engines.ts";
import { exchangeRights, nationalRights, type RoleRights } from "./daemon-rights.ts";
import { logScript, ownerScript, roleScript } from "./role-scripts.ts";
import { toSourceEntities } from "./sources.ts";
import type { Terminal } from "./terminal.ts";
import { vendorRights } from "./vendor-rights.ts";
import { exchangeViewerRights, nationalViewerRights } from "./viewer-rights.ts";

export interface NewFile {
  readonly path: string;
  readonly text: string;
}

const roles = {
  registry: "duijie_reader",
  owner: "duijie_owner",
  exchange: "duijie_exchange",
  vendor: "duijie_vendor",
  national: "duijie_national",
  viewer: "duijie_viewer",
} as const;

interface BoundRole {
  readonly file: string;
  readonly rights: RoleRights;
  readonly role: string;
  readonly provinces: readonly string[];
  /** Of the texts `cli.grants.*`. */
  readonly text: "exchange" | "national" | "exchangeViewer" | "nationalViewer" | "vendor";
}

/** Roles of the exchange-db that are bound to the province; a further one is a line here. */
function exchangeRoles({ province, registry }: ProvinceConfig): readonly BoundRole[] {
  const provinces = [province];
  const vendor = {
    file: "vendor",
    rights: vendorRights(),
    role: roles.vendor,
    provinces,
    text: "vendor" as const,
  };
  return [
    ...(engineOf(registry.engine).loads === undefined ? [] : [vendor]),
    {
      file: "exchange-daemon",
      rights: exchangeRights(),
      role: roles.exchange,
      provinces,
      text: "exchange",
    },
    {
      file: "exchange-viewer",
      rights: exchangeViewerRights(),
      role: roles.viewer,
      provinces,
      text: "exchangeViewer",
    },
  ];
}

/** The node serves all provinces; each province has a viewer of its own. */
function nationalRoles(provinces: readonly string[]): readonly BoundRole[] {
  const viewers = provinces.map((province) => ({
    file: `national-viewer-${province}`,
    rights: nationalViewerRights(),
    role: `${roles.viewer}_${province}`,
    provinces: [province],
    text: "nationalViewer" as const,
  }));
  return [
    {
      file: "national-daemon",
      rights: nationalRights(),
      role: roles.national,
      provinces: ["*"],
      text: "national",
    },
    ...viewers,
  ];
}

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
  return [
    ...(registry === undefined
      ? []
      : [{ path: join(folder, "grants", "registry-readonly.sql"), text: registry }]),
    ownerFile("exchange-owner", exchangeRights(), folder, terminal),
    ...exchangeRoles(config).map((role) => roleFile(role, folder, terminal)),
    ...logFiles(config, folder, terminal),
  ];
}

export function nationalGrants(
  config: NationalConfig,
  folder: string,
  terminal: Terminal,
): readonly NewFile[] {
  const provinces = Object.keys(config.keys.provinces).toSorted();
  return [
    ownerFile("national-owner", nationalRights(), folder, terminal),
    ...nationalRoles(provinces).map((role) => roleFile(role, folder, terminal)),
    ...logFiles(config, folder, terminal),
  ];
}

/** One script, the same on both sides: whoever owns the database of the trial's log runs it. */
function logFiles({ kafka }: Config, folder: string, terminal: Terminal): readonly NewFile[] {
  if (kafka.client !== "postgres") return [];
  const { exchange, national } = roles;
  const comments = [
    terminal.text("grants.broker", { exchange, national }),
    password(exchange, terminal),
    password(national, terminal),
  ];
  return [{ path: join(folder, "grants", "broker.sql"), text: logScript(exchange, national, comments) }];
}

function ownerFile(name: string, { schemas }: RoleRights, folder: string, terminal: Terminal): NewFile {
  const comments = [terminal.text("grants.owner", { role: roles.owner }), password(roles.owner, terminal)];
  return {
    path: join(folder, "grants", `${name}.sql`),
    text: ownerScript(roles.owner, schemas, comments),
  };
}

function roleFile({ file, text, ...role }: BoundRole, folder: string, terminal: Terminal): NewFile {
  const province = role.provinces.join(", ");
  const comments = [
    terminal.text(`grants.${text}`, { role: role.role, province }),
    password(role.role, terminal),
  ];
  return { path: join(folder, "grants", `${file}.sql`), text: roleScript({ ...role, comments }) };
}

function password(role: string, terminal: Terminal): string {
  return terminal.text("grants.password", { role });
}
