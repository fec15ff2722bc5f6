import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { errorKinds } from "../contracts/errors.ts";
import { packageRoot } from "../contracts/package-root.ts";
import { errorsPage } from "./errors-page.ts";

describe("docs/errors.md", () => {
  const page = readFileSync(join(packageRoot, "docs", "errors.md"), "utf8");
  const sections = page.split(/^## /m).slice(1);

  it("has one section for each code and for nothing else, in the catalogue's order", () => {
    expect(sections.map((section) => section.split("\n")[0])).to.deep.equal(Object.keys(errorKinds));
  });

  it("says of each code what is done, how the program ends, and the rest in both languages", () => {
    for (const [code, { disposition, exitCode }] of Object.entries(errorKinds)) {
      const section = sections.find((text) => text.startsWith(`${code}\n`)) ?? "";
      expect(section).to.include(`\`${disposition}\` · exit ${exitCode}`);
      expect(section, code).to.match(
        /含义：.+\n- 原因：.+\n- 处理：.+\n\n- Meaning: .+\n- Cause: .+\n- Cure: .+/,
      );
    }
  });

  it("is what the texts make of it now", () => {
    expect(page, "run `npm run generate`").to.equal(errorsPage());
  });
});
