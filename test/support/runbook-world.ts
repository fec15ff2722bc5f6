import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import pg from "pg";
import type { ErrorCode } from "../../contracts/errors.ts";
import { packageRoot } from "../../contracts/package-root.ts";
import {
  type Content,
  type NodeUrls,
  nationalContent,
  nodeEnvironment,
  nodeFolder,
  provinceContent,
} from "./province-folder.ts";
import { runCli } from "./run-cli.ts";
import { freshDatabase, testKafka } from "./servers.ts";
import { countyOf, fillRegistry, schoolIdsOf, smallProvince } from "./small-province.ts";
import { until } from "./until.ts";

export const province = "33";
export const pupils = 60;
/** Known to the ministry and not used by the province, until a pupil of a test needs it. */
export const spareSchool = `21${province}000003`;
const owners = ["REGISTRY_OWNER", "EXCHANGE_OWNER", "NATIONAL_OWNER"] as const;
export type Owner = (typeof owners)[number];

/** What a person does between the commands, one for each step by hand of the page, in order. */
export type HandStep = () => void | Promise<void>;

/** How a test makes a fault, and what a person does where the page's cure has a step by hand. */
export interface RunbookCase {
  readonly code: ErrorCode;
  readonly provoke?: (world: RunbookWorld) => void | Promise<void>;
  readonly hand?: (world: RunbookWorld) => readonly HandStep[];
}

/** Two nodes as operators have them: files, an environment, a shell's commands; each can be broken and is mended by the page. */
export class RunbookWorld {
  readonly folder = mkdtempSync(join(tmpdir(), "duijie-runbook-"));
  readonly urls: NodeUrls;
  /** What an `export` of the page sets. */
  readonly right: Record<string, string>;
  env: Record<string, string> = {};
  /** What the page's <…> stand for. */
  readonly values: Record<string, string> = { topic: `duijie.${province}.down.control` };
  readonly #write: (name: string, content: Content) => string;
  #nation: ChildProcess | null = null;

  static async open(): Promise<RunbookWorld> {
    const names = ["registry", "exchange", "national"];
    const [registry, exchange, national] = await Promise.all(
      names.map(async (name) => (await freshDatabase(`runbook_${name}`)).url),
    );
    if (registry === undefined || exchange === undefined || national === undefined)
      throw new Error("three databases");
    await fillRegistry(registry, smallProvince(province, pupils));
    const world = new RunbookWorld({ registry, exchange, national, brokers: await testKafka() });
    await world.#setUp();
    return world;
  }

  private constructor(urls: NodeUrls) {
    this.urls = urls;
    this.#write = nodeFolder(this.folder, province);
    mkdirSync(join(this.folder, "nation"));
    const { EXCHANGE_URL = "", ...env } = nodeEnvironment(urls);
    this.right = {
      ...env,
      DUIJIE_EXCHANGE_URL: EXCHANGE_URL,
      DUIJIE_CONFIG: join(this.folder, "duijie.yaml"),
      REGISTRY_OWNER: urls.registry,
      EXCHANGE_OWNER: urls.exchange,
      NATIONAL_OWNER: urls.national,
    };
  }

  async #setUp(): Promise<void> {
    this.reset();
    this.configureNation();
    this.writeFile("schools.csv", this.schoolFile());
    const lines = [
      "duijie migrate",
      "duijie map import sex",
      "duijie migrate --config nation/duijie.yaml",
      "duijie national import schools schools.csv --config nation/duijie.yaml",
    ];
    for (const line of lines) await this.type(`${line} # → 0`, []);
  }

  /** Configuration, environment and files as they should be. */
  reset(): void {
    this.env = { ...this.right };
    this.configure();
    this.writeFile("sex.csv", "source_code,target_code\n1,1\n2,2\n");
  }

  schoolFile(): string {
    const schools = [...schoolIdsOf(province), spareSchool].map(
      (id) => `${id},School,211,${countyOf(province)}000000,${countyOf(province)}000000`,
    );
    return `${["school_id,name,school_type_code,region_code,managing_authority_code", ...schools].join("\n")}\n`;
  }

  configure(change: (content: Content) => Content = (content) => content): void {
    const text = JSON.stringify(provinceContent(province, this.urls))
      .replace('"genderCode":"gender_code"', '"genderCode":{"column":"gender_code","codes":"sex"}')
      .replace('"EXCHANGE_URL"', '"DUIJIE_EXCHANGE_URL"');
    const content: Content = { ...JSON.parse(text), mappings: { sex: { file: "./sex.csv" } } };
    this.#write("duijie", change(content));
  }

  configureNation(alsoKeys: readonly Content[] = []): void {
    const text = JSON.stringify(nationalContent(province, this.urls)).replaceAll('"./keys/', '"../keys/');
    const content: Content = JSON.parse(text);
    const keys = content["keys"] as Content;
    const own = (keys["provinces"] as Content)[province] as readonly Content[];
    const provinces = { [province]: [...own, ...alsoKeys] };
    this.#write("nation/duijie", { ...content, keys: { ...keys, provinces } });
  }

  writeFile(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  async sql(owner: Owner, statement: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.right[owner] });
    await client.connect();
    try {
      const result = await client.query(statement);
      return Array.isArray(result) ? [] : result.rows;
    } finally {
      await client.end();
    }
  }

  /** A process of its own, as at the nation; ends by SIGTERM. */
  async startNation(): Promise<void> {
    await this.stopNation();
    const args = ["--import=tsx", join(packageRoot, "cli", "main.ts"), "national", "--json"];
    const child = spawn(process.execPath, [...args, "--config", join(this.folder, "nation", "duijie.yaml")], {
      env: { ...process.env, ...this.right },
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#nation = child;
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    await until("the nation is ready", () => Promise.resolve(out.includes('"ready":true')), 120_000);
  }

  async stopNation(): Promise<void> {
    const child = this.#nation;
    this.#nation = null;
    if (child === null || child.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }

  async close(): Promise<void> {
    this.#nation?.kill("SIGKILL");
    await this.dropRoles();
    rmSync(this.folder, { recursive: true });
  }

  /** Roles belong to the whole server: other test runs may have theirs. */
  own(role: string): string {
    return `${role}_runbook_${process.pid}`;
  }

  async dropRoles(): Promise<void> {
    for (const [owner, role] of [
      ["EXCHANGE_OWNER", "duijie_exchange"],
      ["REGISTRY_OWNER", "duijie_reader"],
    ] as const) {
      const [found] = await this.sql(owner, `SELECT to_regrole('${this.own(role)}') IS NOT NULL AS is`);
      if (found?.["is"] !== true) continue;
      await this.sql(owner, `DROP OWNED BY ${this.own(role)}; DROP ROLE ${this.own(role)}`);
    }
  }

  /** The URL of a role of ours with a password. */
  as(owner: Owner, role: string): string {
    const url = new URL(this.right[owner] ?? "");
    url.username = this.own(role);
    url.password = "secret";
    return url.href;
  }

  /** Types the lines of a block, one after the other, and expects of each what the page says. */
  async typeAll(lines: readonly string[], hand: readonly HandStep[]): Promise<void> {
    const left = [...hand];
    for (const line of lines) await this.type(line, left);
    expect(left, "steps by hand that the page does not have").to.have.length(0);
  }

  async type(line: string, hand: HandStep[]): Promise<void> {
    const [, command = "", comment = ""] = /^(.*?)\s*(?:(?<=^|\s)#(.*))?$/.exec(line) ?? [];
    const expected = /^ → (\d+)(?: (.+))?$/.exec(comment);
    const [first = ""] = command.split(" ");
    if (command === "" || first === "$EDITOR") return await takeStep(hand, line);
    if (first === "export") return this.#export(command);
    if (first === "duijie") return await this.#duijie(command, line, expected);
    if (first === "psql") return await this.#psql(command, line, expected?.[2] ?? null);
    if (["chmod", "ls", "mv"].includes(first)) return this.#shell(command);
    throw new Error(`the test can't type this line of the page: ${line}`);
  }

  #export(command: string): void {
    const name = /^export (\w+)=/.exec(command)?.[1] ?? "";
    const value = this.right[name];
    if (value === undefined) throw new Error(`no such variable: ${command}`);
    this.env[name] = value;
  }

  #shell(command: string): void {
    const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: this.folder, encoding: "utf8" });
    expect(status, `${command}: ${stderr}`).to.equal(0);
  }

  async #duijie(command: string, line: string, expected: RegExpExecArray | null): Promise<void> {
    const { err, exitCode, out } = await runCli(this.#args(command), { env: this.env });
    const said = `${line}\n${out}${err}`;
    if (expected === null) expect(exitCode, said).to.be.oneOf([0, 3]);
    else expect(exitCode, said).to.equal(Number(expected[1]));
    if (expected?.[2] !== undefined) expect(out + err, line).to.include(expected[2]);
  }

  /** Files and folders of a command line are the operator's, who stands in the folder of the configuration. */
  #args(command: string): string[] {
    const words = command.split(/\s+/).slice(1);
    return words.map((word, at) => {
      const isPath = ["--folder", "--out", "--config"].includes(words[at - 1] ?? "") || word.endsWith(".csv");
      const value = word.replace(/^<(\w+)>$/, (_all, name: string) => this.values[name] ?? word);
      return isPath ? join(this.folder, value) : value;
    });
  }

  async #psql(command: string, line: string, wanted: string | null): Promise<void> {
    const [, name = "", kind = "", text = ""] = /^psql "\$(\w+)" -([cf]) "?(.*?)"?$/.exec(command) ?? [];
    const owner = owners.find((one) => one === name);
    if (owner === undefined) throw new Error(`nobody's database: ${line}`);
    if (kind === "f") return await this.#script(owner, text);
    const statement = text.replaceAll('\\"', '"');
    const rows = async () => (await this.sql(owner, statement)).flatMap((row) => Object.values(row));
    if (wanted === null) await rows();
    else await until(line, async () => (await rows()).includes(wanted), 60_000);
  }

  /** As psql does, which goes on past a CREATE ROLE of a role that exists. */
  async #script(owner: Owner, file: string): Promise<void> {
    const role = file.includes("registry") ? "duijie_reader" : "duijie_exchange";
    const script = readFileSync(join(this.folder, file), "utf8").replaceAll(role, this.own(role));
    const [found] = await this.sql(owner, `SELECT to_regrole('${this.own(role)}') IS NOT NULL AS is`);
    const rest = found?.["is"] === true ? script.replace(/^CREATE ROLE .*;$/m, "") : script;
    await this.sql(owner, rest);
  }
}

async function takeStep(hand: HandStep[], line: string): Promise<void> {
  const step = hand.shift();
  if (step === undefined) throw new Error(`a step by hand that the test does not know: ${line}`);
  await step();
}
