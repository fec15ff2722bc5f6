import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { loadConfig } from "../../config/load.ts";
import { engineNames } from "../../config/schema.ts";
import type { Environment } from "../../config/secrets.ts";
import { nationalTemplate, provinceTemplate } from "../../config/templates.ts";
import { engineOf } from "../../connectors/engines.ts";
import { DuijieError } from "../../contracts/errors.ts";
import { createKeyPair } from "../../pipeline/signing.ts";
import { type NewFile, nationalGrants, provinceGrants } from "../grant-scripts.ts";
import type { ExitCode, Frame, Invocation } from "../invocation.ts";
import { collected, provinceCode } from "../option-values.ts";
import { usageError } from "../usage-error.ts";

interface InitOptions {
  readonly role: "province" | "national";
  readonly province?: readonly string[];
  readonly folder: string;
  readonly engine: string;
  readonly force?: true;
  readonly broker?: readonly string[];
}

/** `init`: configuration, keys and GRANT scripts of a new node. */
export function initCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "init", async (invocation, command) => {
      return await Promise.resolve(init(invocation, command.opts<InitOptions>()));
    })
    .addOption(
      new Option("--role <role>", frame.text("role")).choices(["province", "national"]).default("province"),
    )
    .option("--province <code>", frame.text("province"), (value, earlier: readonly string[] | undefined) =>
      collected(provinceCode(value), earlier),
    )
    .option("--folder <folder>", frame.text("folder"), ".")
    .addOption(
      new Option("--engine <engine>", frame.text("engine")).choices(engineNames()).default("postgres"),
    )
    .option("--broker <host:port>", frame.text("brokers"), collected)
    .option("--force", frame.text("force"));
}

/** A configuration is loaded for its structure alone, where nobody has set the secrets yet. */
const noSecrets: Environment = new Proxy<Record<string, string>>(
  {},
  { get: () => "postgres://localhost/none" },
);

function init(invocation: Invocation, options: InitOptions): ExitCode {
  const { terminal } = invocation;
  const provinces = options.province ?? [];
  if (provinces.length === 0) throw usageError("provinceMissing", {}, "init");
  const folder = resolve(options.folder);
  const configFile = join(folder, "duijie.yaml");
  const owner = options.role === "province" ? (provinces[0] ?? "") : "nation";
  const isForced = options.force === true;
  refuseExisting([configFile, join(folder, "grants")], isForced);
  const keys = newKeyFiles(folder, owner, isForced);
  write({ path: configFile, text: template(invocation, options, provinces) });
  for (const [at, key] of keys.entries()) write(key, at === 0 ? 0o600 : 0o644);
  const grants = grantFiles(configFile, folder, invocation);
  for (const file of grants) write(file);
  const files = [configFile, ...keys.map(({ path }) => path), ...grants.map(({ path }) => path)];
  if (invocation.json) terminal.json({ role: options.role, files });
  else {
    for (const file of files) terminal.say("init.written", { file });
    terminal.say(`init.next.${nextSteps(options)}`, { config: configFile, owner });
  }
  return 0;
}

/** Where the registry is files, no database's administrator has to grant anything there. */
function nextSteps({ engine, role }: InitOptions): "province" | "provinceFiles" | "national" {
  if (role === "national") return "national";
  return engineOf(engine).grants === null ? "provinceFiles" : "province";
}

function template({ language }: Invocation, options: InitOptions, provinces: readonly string[]): string {
  const brokers = brokersOf(options.broker);
  if (options.role === "national") return nationalTemplate({ provinces, ...brokers }, language);
  return provinceTemplate({ province: provinces[0] ?? "", engine: options.engine, ...brokers }, language);
}

/** `--broker postgres`: no Kafka but a log in PostgreSQL. */
function brokersOf(brokers: readonly string[] | undefined) {
  if (brokers === undefined) return {};
  return brokers.includes("postgres") ? { client: "postgres" as const } : { brokers };
}

/** The private one first. Keys that are there stay, whatever is forced: a lost key can't be had again. */
function newKeyFiles(folder: string, owner: string, isForced: boolean): readonly NewFile[] {
  const paths = ["key", "pub"].map((ending) => join(folder, "keys", `${owner}.${ending}`));
  if (isForced && paths.every((path) => existsSync(path))) return [];
  refuseExisting(paths, false);
  const { privatePem, publicPem } = createKeyPair();
  return paths.map((path, at) => ({ path, text: at === 0 ? privatePem : publicPem }));
}

function grantFiles(configFile: string, folder: string, { terminal }: Invocation): readonly NewFile[] {
  const config = loadConfig(configFile, noSecrets);
  return config.role === "province"
    ? provinceGrants(config, folder, terminal)
    : nationalGrants(config, folder, terminal);
}

function refuseExisting(paths: readonly string[], isForced: boolean): void {
  const found = paths.find((path) => existsSync(path));
  if (found !== undefined && !isForced) throw new DuijieError("FILE_EXISTS", { file: found });
}

function write({ path, text }: NewFile, mode = 0o644): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
    chmodSync(path, mode);
  } catch (error) {
    throw new DuijieError("FILE_UNREADABLE", { file: path }, error);
  }
}

/** `grants`: the scripts of `init` again, after the configuration was fitted to the registry. */
export function grantsCommand(frame: Frame, parent: Command): Command {
  return frame
    .command(parent, "grants", async (invocation, command) => {
      const { folder } = command.opts<{ readonly folder?: string }>();
      const configFile = resolve(invocation.configFile);
      const files = grantFiles(configFile, resolve(folder ?? dirname(configFile)), invocation);
      for (const file of files) write(file);
      if (invocation.json) invocation.terminal.json({ files: files.map(({ path }) => path) });
      else for (const { path } of files) invocation.terminal.say("init.written", { file: path });
      return await Promise.resolve<ExitCode>(0);
    })
    .option("--folder <folder>", frame.text("folder"));
}
