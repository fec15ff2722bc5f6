import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { loadProvinceConfig } from "../../config/load.ts";
import { builtInEngines } from "../../connectors/engines.ts";
import { entityNames } from "../../contracts/entity.ts";
import { type InterfaceEngine, interfaceEngines } from "../../contracts/interface/columns.ts";
import { entityContract, profile } from "../../contracts/registry.ts";
import { createTexts, type Language, readTexts } from "../../contracts/texts.ts";
import { isRegionTable } from "../../contracts/value-check.ts";
import { faultKinds } from "../../pipeline/review/fault.ts";
import { kitFiles } from "./kit-files.ts";
import { usedCodeTables } from "./used-code-tables.ts";

type Files = ReturnType<typeof kitFiles>;
const known = new Map<string, Files>();
const made = (engine: InterfaceEngine, language: Language): Files =>
  kitFiles({ engine, language, province: "34", profile: "national-2013" });

/** Made once each: the guide is long. */
function kit(engine: InterfaceEngine, language: Language = "zh"): Files {
  const files = known.get(`${engine} ${language}`) ?? made(engine, language);
  known.set(`${engine} ${language}`, files);
  return files;
}

const textOf = (engine: InterfaceEngine, name: string) =>
  kit(engine).find((file) => file.name === name)?.text ?? "";

describe("the vendor's kit", () => {
  it("is the same each time", () => {
    expect(made("oracle", "zh")).to.deep.equal(kit("oracle"));
  });

  for (const engine of interfaceEngines) {
    it(`explains for ${engine}, in both languages, every table, column, rule and code table`, () => {
      for (const name of ["README.zh-CN.md", "README.md"]) {
        const page = textOf(engine, name);
        for (const entity of entityNames) {
          const { fields, rules } = entityContract(entity);
          const part = page.slice(page.indexOf(`\`dj_${entity}\``));
          for (const { column, titleEn, titleZh } of fields) {
            const title = name === "README.md" ? titleEn : titleZh;
            expect(part, column).to.match(new RegExp(`^\\| \`"?${column}"?\` \\| `, "im"));
            expect(part).to.include(title);
          }
          for (const { id } of rules) expect(part).to.include(`| \`${id}\` |`);
        }
        for (const table of usedCodeTables()) expect(page).to.include(`### ${table}\n`);
        for (const kind of faultKinds) expect(page).to.include(`| \`${kind}\` |`);
        expect(page).not.to.match(/\{\{|undefined|null \|/);
      }
    });

    it(`marks for ${engine} as required what the profile requires`, () => {
      const page = textOf(engine, "README.zh-CN.md");
      const stars = page.split("\n").filter((line) => line.includes("| ★ |")).length;
      const required = entityNames.flatMap((entity) => profile("national-2013").required[entity]);
      expect(stars).to.equal(required.length + entityNames.length);
    });

    it(`configures ${engine} so that every field is read from its column`, () => {
      const { registry } = parse(textOf(engine, "registry.yaml"));
      expect(registry.engine).to.equal(engine);
      for (const entity of entityNames) {
        const { fields } = entityContract(entity);
        const spelt = (name: string) => (engine === "oracle" ? name.toUpperCase() : name);
        const { table, key, fields: given } = registry.entities[entity];
        expect(table).to.equal(spelt(`duijie.dj_${entity}`));
        expect(key).to.deep.equal([spelt("source_key")]);
        expect(given).to.deep.equal(
          Object.fromEntries(fields.map(({ column, name }) => [name, spelt(column)])),
        );
      }
    });
  }

  for (const engine of interfaceEngines.filter((one) => builtInEngines.includes(one))) {
    it(`checks ${engine} by a configuration that the program takes`, () => {
      const folder = mkdtempSync(join(tmpdir(), "duijie-kit-config-"));
      try {
        const file = join(folder, "verify.yaml");
        writeFileSync(file, textOf(engine, "verify.yaml"));
        const config = loadProvinceConfig(file, { REGISTRY_URL: `${engine}://u:p@127.0.0.1/x` });
        expect(Object.keys(config.registry.entities)).to.deep.equal([...entityNames]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it("brings each code table as a file that a spreadsheet opens", () => {
    const names = kit("mysql").map(({ name }) => name);
    for (const table of usedCodeTables()) {
      if (!isRegionTable(table)) expect(names).to.include(`codes/${table}.csv`);
    }
    expect(textOf("mysql", "codes/gender.csv")).to.match(/^\uFEFFcode,name_zh/);
    expect(names).to.include.members(["codes/region.csv", "codes/region-history.csv"]);
  });

  it("says nothing that is not used, and everything that is", () => {
    const used = new Set<string>();
    for (const language of ["zh", "en"] as const) {
      const say = createTexts(language);
      for (const key of Object.keys(readTexts(language)).filter((one) => one.startsWith("kit."))) {
        const lines = say(key).split("\n");
        const found = interfaceEngines.some((engine) =>
          kit(engine, language).some(({ text }) =>
            lines.every((line) => text.includes(line.split("{{")[0] ?? "")),
          ),
        );
        if (found) used.add(`${language} ${key}`);
        else expect.fail(`${language} ${key} is in no kit`);
      }
    }
    expect(used.size).to.be.above(100);
  });
});
