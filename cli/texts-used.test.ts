import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { languages, readTexts } from "../contracts/texts.ts";

const folder = import.meta.dirname;
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));

/** Calls whose first argument names a text below `cli.`, `heading` for those of tables. */
const calls =
  /\b(?:terminal\.(?:say|note|text)|this\.text|askYesNo|askText|askTyped)\(\s*(?:terminal,\s*)?(["`])([^"`]*)\1/g;
const optionCalls = /frame\.text\("([^"]*)"\)/g;
const headingLists = /\.table\(\s*\[([^\]]*)\]/g;

interface Use {
  readonly file: string;
  /** With `*` where the program puts something in. */
  readonly key: string;
}

function usesOf({ file, text }: { file: string; text: string }): readonly Use[] {
  const said = [...text.matchAll(calls)].map(([, , key = ""]) => key.replace(/\$\{[^}]*\}/g, "*"));
  const options = [...text.matchAll(optionCalls)].map(([, key = ""]) => `option.${key}`);
  const headings = [...text.matchAll(headingLists)].flatMap(([, list = ""]) =>
    [...list.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => `heading.${name}`),
  );
  return [...said, ...options, ...headings].map((key) => ({ file, key }));
}

function matches(pattern: string, key: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replace(/[.]/g, "\\."));
  return new RegExp(`^${escaped.join(".+")}$`).test(key);
}

describe("texts of the command line", () => {
  const uses = sources.flatMap(usesOf);
  const keys = Object.keys(readTexts("en"))
    .filter((key) => key.startsWith("cli."))
    .map((key) => key.slice("cli.".length));

  it("finds what the program says", () => {
    expect(uses.length).to.be.greaterThan(150);
  });

  for (const language of languages) {
    it(`exist in ${language} for everything that is printed`, () => {
      const texts = readTexts(language);
      const known = Object.keys(texts).filter((key) => key.startsWith("cli."));
      for (const { file, key } of uses) {
        const found = known.filter((one) => matches(key, one.slice("cli.".length)));
        expect(found, `${file}: ${key}`).not.to.deep.equal([]);
      }
    });
  }

  it("are printed by the terminal alone, so that nothing else can be", () => {
    const writers = ["main.ts", "terminal.ts", "question.ts", "progress-bars.ts"];
    for (const { file, text } of sources) {
      if (!writers.includes(file)) expect(text, file).not.to.match(/process\.(stdout|stderr)|console\./);
    }
  });

  it("are never written into the program itself", () => {
    const raw = /\.(?:data|dataNote)\(\s*["`]/;
    for (const { file, text } of sources) {
      if (file !== "print-error.ts") expect(text, file).not.to.match(raw);
      expect(text, file).not.to.match(/\.(?:say|note)\("[^"]* [^"]*"/);
      expect(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ""), file).not.to.match(/\p{Script=Han}{3}/u);
    }
  });

  it("are all in use", () => {
    const named = sources.map(({ text }) => text).join("\n");
    const patterns = [
      ...uses.map(({ key }) => key),
      "command.*",
      "usage.*",
      "fix.*",
      "heading.*",
      "option.*",
    ];
    const unused = keys.filter(
      (key) => !patterns.some((pattern) => matches(pattern, key)) && !named.includes(`"cli.${key}"`),
    );
    expect(unused).to.deep.equal([]);
  });
});
