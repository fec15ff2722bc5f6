import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { conformanceCases, conformanceGroups } from "../connectors/conformance.ts";
import { packageRoot } from "../contracts/package-root.ts";
import { createTexts } from "../contracts/texts.ts";
import { conformancePage } from "./conformance-page.ts";

describe("docs/conformance.md", () => {
  const page = readFileSync(join(packageRoot, "docs", "conformance.md"), "utf8");

  it("names at least 60 cases, each once, in the groups of their names", () => {
    const ids = conformanceCases.map(({ id }) => id);
    expect(ids.length).to.be.at.least(60);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const { cases, name } of conformanceGroups)
      for (const { id } of cases) expect(id).to.match(new RegExp(`^${name}/[a-z0-9-]+$`));
    for (const id of ids) expect(page).to.include(`| \`${id}\` |`);
  });

  it("says in both languages what each case proves, in English as its test is named", () => {
    const en = createTexts("en");
    const zh = createTexts("zh");
    for (const { id, title } of conformanceCases) {
      expect(en(`conformance.case.${id}`)).to.equal(title);
      expect(zh(`conformance.case.${id}`), id).to.match(/\p{Script=Han}/u);
    }
  });

  it("is what the list and the texts make of it now", () => {
    expect(page, "run `npm run generate`").to.equal(conformancePage());
  });
});
