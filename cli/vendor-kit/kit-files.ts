import { codeTable } from "../../contracts/codes.ts";
import type { InterfaceEngine } from "../../contracts/interface/columns.ts";
import { registryYaml, verifyYaml } from "../../contracts/interface/config.ts";
import { exampleScript, grantsScript, tablesScript, viewsScript } from "../../contracts/interface/scripts.ts";
import { createTexts, type Language, languages } from "../../contracts/texts.ts";
import { csvText } from "../csv-text.ts";
import { guide } from "./guide.ts";
import { shippedCodeTables } from "./used-code-tables.ts";

export interface KitOptions {
  readonly engine: InterfaceEngine;
  /** Two digits: whose region and school the example lies in. */
  readonly province: string;
  readonly profile: string;
  /** Of the scripts' own heads; columns are explained in Chinese, and the guide comes in both. */
  readonly language: Language;
}

export interface KitFile {
  /** Within the kit's folder. */
  readonly name: string;
  readonly text: string;
}

export const readerRole = "duijie_reader";

/**
 * What the vendor of a self-built system is given, made from the contracts alone and the same each time.
 */
export function kitFiles(options: KitOptions): readonly KitFile[] {
  const { engine, language, profile, province } = options;
  const say = createTexts(language);
  const head = (name: string) => [say(`kit.${name}`, { engine })];
  const script = (name: string) => ({ engine, profile, head: head(`sql.${name}`) });
  const grants = [
    ...head("sql.grants"),
    ...(engine === "postgres" ? [say("kit.sql.grantsPassword", { role: readerRole })] : []),
  ];
  return [
    ...languages.map((one) => ({ name: guideName(one), text: guide(one, options) })),
    { name: "1-tables.sql", text: tablesScript(script("tables")) },
    { name: "2-views.sql", text: viewsScript(script("views")) },
    { name: "3-grants.sql", text: grantsScript({ engine, profile, head: grants }, readerRole) },
    { name: "4-example.sql", text: exampleScript(script("example"), province) },
    { name: "registry.yaml", text: registryYaml(engine, head("yaml.registry")) },
    {
      name: "verify.yaml",
      text: verifyYaml({ engine, province, profile }, head("yaml.verify"), head("yaml.mappings")),
    },
    ...shippedCodeTables().map(codeFile),
  ];
}

function guideName(language: Language): string {
  return language === "zh" ? "README.zh-CN.md" : "README.md";
}

/** As the contracts have it, in the form that a spreadsheet opens. */
function codeFile(name: string): KitFile {
  const { rows } = codeTable(name);
  const columns = Object.keys(rows[0] ?? {});
  return {
    name: `codes/${name}.csv`,
    text: csvText(
      columns,
      rows.map((row) => columns.map((column) => row[column] ?? "")),
    ),
  };
}
