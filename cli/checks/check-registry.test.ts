import { expect } from "chai";
import { capabilityNames } from "../../connectors/connector.ts";
import { createTexts } from "../../contracts/texts.ts";
import { capabilityLines } from "./check-registry.ts";

const all = Object.fromEntries(capabilityNames.map((name) => [name, true]));

describe("the capabilities of an engine", () => {
  const whole = { ...all, snapshot: true, hashRange: true, emptyText: true, queries: true, readOnly: true };

  for (const language of ["zh", "en"] as const) {
    const texts = createTexts(language);

    it(`are one line where it has them all, and a line with its meaning for each that it lacks, in ${language}`, () => {
      expect(capabilityLines({ ...whole, changes: true }, texts)).to.have.length(1);
      const lines = capabilityLines({ ...whole, emptyText: false, changes: false }, texts);
      expect(lines.filter(({ ok, code }) => ok && code === null)).to.have.length(3);
      expect(lines[1]?.found).to.include(texts("connectors.capability.emptyText.without"));
      expect(lines[2]?.found).to.include(texts("connectors.capability.changes.without"));
    });

    it(`have texts in ${language}, each of them`, () => {
      for (const name of capabilityNames)
        for (const part of ["name", "without"])
          expect(texts(`connectors.capability.${name}.${part}`))
            .to.be.a("string")
            .and.not.equal("");
    });
  }
});
