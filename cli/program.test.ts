import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect } from "chai";
import type { Command } from "commander";
import { createTexts, languages } from "../contracts/texts.ts";
import { runCli } from "../test/support/run-cli.ts";
import { buildProgram } from "./program.ts";
import { Terminal } from "./terminal.ts";
import { commandPath } from "./translated-command.ts";

const han = /\p{Script=Han}/u;

function commandsOf(command: Command): readonly string[][] {
  const path = commandPath(command).split(" ").slice(1);
  return [path, ...command.commands.flatMap(commandsOf)];
}

function allCommands(): readonly string[][] {
  const nowhere = { write: () => true };
  const terminal = new Terminal(createTexts("en"), { out: nowhere, err: nowhere, isTty: false });
  const surroundings = { env: {}, now: () => new Date(), language: "en" as const, terminal };
  return commandsOf(buildProgram(surroundings, () => undefined));
}

describe("command line", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "duijie-cli-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("has the commands that are documented", () => {
    expect(allCommands().map((path) => path.join(" "))).to.include.members([
      "init",
      "grants",
      "migrate",
      "check",
      "config show",
      "map import",
      "map list",
      "load plan",
      "load run",
      "load status",
      "load pause",
      "load resume",
      "load stop",
      "quarantine list",
      "quarantine replay",
      "national",
      "national export",
      "national import",
    ]);
  });

  for (const language of languages) {
    it(`explains each command in ${language} alone`, async () => {
      for (const path of allCommands()) {
        const { exitCode, out, err } = await runCli([...path, "--help"], { language });
        expect({ exitCode, err }, path.join(" ")).to.deep.equal({ exitCode: 0, err: "" });
        // Names of commands, options and values are the same in both; a sentence is not.
        const titles = out.split("\n").filter((line) => /^\S/.test(line));
        expect(titles.length, path.join(" ")).to.be.greaterThan(1);
        for (const line of titles) {
          const isNames = line.startsWith("duijie");
          if (!isNames) expect(han.test(line), line).to.equal(language === "zh");
        }
      }
    });

    it(`refuses wrong usage in ${language} with code, place and remedy`, async () => {
      const wrong: readonly (readonly [args: readonly string[], found: string])[] = [
        [["lod"], "lod"],
        [["load", "runn"], "runn"],
        [["load", "run", "--jsn"], "--jsn"],
        [["load", "run", "extra"], ""],
        [["load", "status", "--run", "x1"], "--run"],
        [["load", "status", "--run"], "--run"],
        [["national", "import", "schools"], "file.csv"],
        [["national", "export", "pupils"], ""],
        [["quarantine", "list", "--entity", "teacher"], "--entity"],
        [["quarantine", "list", "--code", "SOMETHING"], "--code"],
        [["check", "--lang", "fr"], "--lang"],
        [["init"], "--province"],
        [["init", "--province", "3"], "--province"],
      ];
      for (const [args, found] of wrong) {
        const { exitCode, out, err } = await runCli(args, { language });
        const lines = err.trimEnd().split("\n");
        expect(exitCode, args.join(" ")).to.equal(2);
        expect(out, args.join(" ")).to.equal("");
        expect(lines[0], args.join(" ")).to.match(/^USAGE_INVALID[:：]/);
        expect(lines.length, err).to.be.at.least(3);
        expect(err).to.include(found);
        expect(err).not.to.match(/error:|\{\{|–/);
        for (const line of lines) expect(han.test(line), line).to.equal(language === "zh");
      }
    });
  }

  it("takes common options before the command too", async () => {
    const file = join(folder, "none.yaml");
    const { err } = await runCli(["--config", file, "load", "status"]);
    expect(err).to.include("CONFIG_NOT_FOUND").and.include(file);
  });

  it("names what was probably meant", async () => {
    expect((await runCli(["lod"])).err).to.include("Did you mean load?");
    expect((await runCli(["load", "run", "--jsn"])).err).to.include("Did you mean --json?");
  });

  it("shows the commands below one that is not complete, and ends as wrong usage", async () => {
    const { exitCode, err } = await runCli(["load"]);
    expect(exitCode).to.equal(2);
    expect(err).to.include("resume");
  });

  it("says where the configuration was looked for", async () => {
    const file = join(folder, "none.yaml");
    const byOption = await runCli(["load", "status", "--config", file]);
    expect(byOption).to.include({ exitCode: 2, out: "" });
    expect(byOption.err).to.include("CONFIG_NOT_FOUND").and.include(file);
    const byEnvironment = await runCli(["load", "status"], { env: { DUIJIE_CONFIG: file } });
    expect(byEnvironment.err).to.include(file);
  });

  it("prints class names and frames with --debug, never a message", async () => {
    const { err } = await runCli(["config", "show", "--debug", "--config", join(folder, "none.yaml")]);
    expect(err).to.match(/\n {4}DuijieError\n {4}at /);
    expect((await runCli(["config", "show", "--config", join(folder, "none.yaml")])).err).not.to.include(
      " at ",
    );
  });

  it("makes a node that can be shown, and overwrites nothing", async () => {
    const made = join(folder, "made");
    const args = ["init", "--province", "34", "--folder", made, "--broker", "kafka.local:9092", "--json"];
    const { exitCode, out } = await runCli(args);
    expect(exitCode).to.equal(0);
    const { files } = JSON.parse(out);
    expect(files.map((file: string) => basename(file))).to.include.members([
      "exchange-owner.sql",
      "exchange-daemon.sql",
      "exchange-viewer.sql",
    ]);
    expect(statSync(join(made, "keys", "34.key")).mode & 0o777).to.equal(0o600);
    expect(readFileSync(join(made, "grants", "registry-readonly.sql"), "utf8")).to.include("xs_jbxx");
    expect(readFileSync(join(made, "duijie.yaml"), "utf8")).to.include("kafka.local:9092");

    const again = await runCli(args);
    expect(again.exitCode).to.equal(2);
    expect(again.err).to.include("FILE_EXISTS");
    const key = readFileSync(join(made, "keys", "34.key"), "utf8");
    const forced = await runCli([...args, "--force"]);
    expect(forced.exitCode).to.equal(0);
    expect(JSON.parse(forced.out).files).to.have.length(5);
    expect(readFileSync(join(made, "keys", "34.key"), "utf8"), "keys stay, whatever is forced").to.equal(key);
    rmSync(join(made, "keys", "34.pub"));
    expect((await runCli([...args, "--force"])).err)
      .to.include("FILE_EXISTS")
      .and.include("34.key");
  });

  it("shows a configuration without its secrets", async () => {
    const made = join(folder, "shown");
    await runCli(["init", "--province", "34", "--folder", made]);
    const env = {
      DUIJIE_EXCHANGE_URL: "postgres://me:canary-password@db.local/exchange",
      REGISTRY_URL: "postgres://me:canary-password@db.local/registry",
    };
    const args = ["config", "show", "--config", join(made, "duijie.yaml")];
    for (const more of [[], ["--json"]]) {
      const { exitCode, out } = await runCli([...args, ...more], { env });
      expect(exitCode).to.equal(0);
      expect(out).to.include("db.local").and.not.include("canary-password");
    }
    const missing = await runCli(args);
    expect(missing.exitCode).to.equal(2);
    expect(missing.err)
      .to.include("SECRET_MISSING")
      .and.include("REGISTRY_URL")
      .and.include("DUIJIE_EXCHANGE_URL");
  });

  it("refuses a node of the other role", async () => {
    const made = join(folder, "other-role");
    await runCli(["init", "--role", "national", "--province", "34", "--folder", made]);
    const env = { DUIJIE_NATIONAL_URL: "postgres://me@db.local/national" };
    const { exitCode, err } = await runCli(["load", "status", "--config", join(made, "duijie.yaml")], {
      env,
    });
    expect(exitCode).to.equal(2);
    expect(err).to.include("CONFIG_INVALID").and.include("national");
  });

  it("refuses a folder of failing rows that holds something", async () => {
    const made = join(folder, "rows");
    await runCli(["init", "--province", "34", "--folder", made]);
    writeFileSync(join(made, "x"), "");
    const { FailingRowsFolder } = await import("./failing-rows-folder.ts");
    const nowhere = { write: () => true };
    const terminal = new Terminal(createTexts("en"), { out: nowhere, err: nowhere, isTty: false });
    expect(() => new FailingRowsFolder(made, terminal)).to.throw("FILE_EXISTS");
  });
});
