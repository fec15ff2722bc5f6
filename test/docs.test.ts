import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { expect } from "chai";
import type { Command } from "commander";
import { buildProgram } from "../cli/program.ts";
import { Terminal } from "../cli/terminal.ts";
import { packageRoot } from "../contracts/package-root.ts";
import { createTexts } from "../contracts/texts.ts";

const read = (path: string) => readFileSync(join(packageRoot, path), "utf8");

const passedOver = new Set(["node_modules", ".git", ".duijie", "dist", "coverage"]);

/** Pages that a reader of a clone sees, by their path. */
function pages(folder = ""): string[] {
  return readdirSync(join(packageRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return passedOver.has(entry.name) ? [] : pages(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

/** Targets of a page's links that are files: no address, no anchor alone, nothing inside of code. */
function linksOf(page: string): string[] {
  const prose = page.replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? "").replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target));
}

/** Command lines that a page shows: after `npm run duijie --`, `$ duijie`, or `duijie` in backquotes. */
function shownCommands(page: string): string[] {
  const starts = /(?:npm run duijie -- |^\$ duijie |`duijie )([^`\n#;&]*)/gm;
  return [...page.matchAll(starts)].map((match) => (match[1] ?? "").trim()).filter((text) => text !== "…");
}

function program(): Command {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = new Terminal(createTexts("en"), { out: nowhere, err: nowhere, isTty: false });
  return buildProgram({ env: {}, now: () => new Date(0), language: "en", terminal }, () => undefined);
}

/** What is wrong with a command line: an unknown command or option, or an argument that is not among the choices. */
function faultOf(line: string, root: Command): string | null {
  const words = line.split(/\s+/).filter((word) => word !== "");
  let command = root;
  let at = 0;
  for (; at < words.length; at += 1) {
    const next = command.commands.find((one) => one.name() === words[at]);
    if (next === undefined) break;
    command = next;
  }
  const rest = words.slice(at);
  if (command === root && !(rest[0] ?? "").startsWith("-")) return `${line}: no such command`;
  const unknown = rest
    .filter((word) => word.startsWith("--"))
    .find((word) => !optionNames(command).includes(word.replace(/[=[\]].*$/, "")));
  if (unknown !== undefined) return `${line}: no such option ${unknown}`;
  const isGroup = command.commands.length > 0 && command.registeredArguments.length === 0;
  const isWord = rest[0] !== undefined && /^[a-z]/.test(rest[0]);
  return isGroup && isWord ? `${line}: no such command` : null;
}

function optionNames(command: Command): string[] {
  return ["--help", "--version", ...command.options.map((option) => option.long ?? "")];
}

function allCommands(command: Command, path: readonly string[] = []): [string, Command][] {
  const below = command.commands.flatMap((one) => allCommands(one, [...path, one.name()]));
  const isLeaf = command.commands.length === 0 || command.options.some(({ long }) => long === "--config");
  return path.length > 0 && isLeaf ? [[path.join(" "), command], ...below] : below;
}

describe("the docs", () => {
  it("link to files that exist", () => {
    const broken = pages().flatMap((page) =>
      linksOf(read(page))
        .filter((target) => !existsSync(join(packageRoot, dirname(page), target)))
        .map((target) => `${page} → ${target}`),
    );
    expect(pages()).to.include.members(["README.md", "README.zh-CN.md", "docs/architecture.md"]);
    expect(broken).to.deep.equal([]);
  });

  it("show commands and options that exist", () => {
    const root = program();
    const files = [
      "README.md",
      "README.zh-CN.md",
      "docs/operations.md",
      "docs/errors.md",
      "docs/architecture.md",
      "docs/manual.md",
      "docs/manual.zh-CN.md",
    ];
    const shown = files.flatMap((file) => shownCommands(read(file)));
    // Blocks to be typed have no prompt.
    shown.push(...shownCommands(read("docs/runbook.md").replaceAll(/^duijie /gm, "$ duijie ")));
    expect(shown).to.have.length.above(50);
    expect(shown.map((line) => faultOf(line, root)).filter((fault) => fault !== null)).to.deep.equal([]);
  });

  it("would see a command or an option that does not exist", () => {
    const root = program();
    expect(faultOf("load run --fast", root)).to.be.a("string");
    expect(faultOf("load walk", root)).to.be.a("string");
    expect(faultOf("--fast", root)).to.be.a("string");
    expect(faultOf("polish", root)).to.be.a("string");
    expect(faultOf("load run --county 340104", root)).to.equal(null);
  });

  it("name every command and every option of its own in the operator's manual", () => {
    const manual = read("docs/operations.md");
    for (const [path, command] of allCommands(program())) {
      expect(manual, path).to.include(`duijie ${path}`);
      for (const { hidden, long } of command.options) {
        if (!hidden) expect(manual, `${path} ${long}`).to.include(`${long}`);
      }
    }
  });

  it("show the same commands in both languages of the README", () => {
    const blocks = (page: string) =>
      [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap((match) =>
        (match[1] ?? "").split("\n").map((line) => line.replace(/\s+#.*$/, "").trimEnd()),
      );
    const english = blocks(read("README.md"));
    expect(english).to.have.length.above(10);
    expect(blocks(read("README.zh-CN.md"))).to.deep.equal(english);
  });

  it("show the same commands and sections in both languages of the manual", () => {
    const [english = "", chinese = ""] = ["docs/manual.md", "docs/manual.zh-CN.md"].map(read);
    const parts = (page: string) => page.split(/^## \d+\. .*$/m);
    const commands = (part: string) =>
      [...part.matchAll(/`duijie ([^`]+)`/g)].map((match) => match[1] ?? "").toSorted();
    expect(parts(english)).to.have.length.above(9);
    expect(parts(chinese).map(commands)).to.deep.equal(parts(english).map(commands));
  });

  it("give each README fewer than 150 lines", () => {
    for (const page of ["README.md", "README.zh-CN.md"]) {
      expect(read(page).split("\n").length, page).to.be.below(150);
    }
  });

  it("name each stage and each table of ours in the architecture", () => {
    const page = read("docs/architecture.md");
    const stages = [...read("pipeline/upstream.ts").matchAll(/^ {2}"([a-z]+)",$/gm)].map(
      (match) => match[1] ?? "",
    );
    const tables = [
      ...read("exchange-db/migrations/000001-control-tables.ts").matchAll(
        /^CREATE (?:TABLE|VIEW) exchange\.(\w+)/gm,
      ),
    ];
    expect(stages).to.have.length.above(5);
    expect(tables).to.have.length.above(10);
    for (const stage of stages) expect(page).to.include(`| ${stage} | \`${stage}.ts\``);
    for (const [, table = ""] of tables)
      expect(page, table).to.match(new RegExp(`(?:exchange\\.|\`)${table}\``));
  });
});
