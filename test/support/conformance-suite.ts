import type { ConformanceHarness } from "../../connectors/conformance/harness.ts";
import { runCase } from "../../connectors/conformance/run-case.ts";
import { conformanceCases } from "../../connectors/conformance.ts";
import { createTexts } from "../../contracts/texts.ts";
import { skip } from "./skip.ts";

const texts = createTexts("en");

/** The same list, by the same runner, as `npm run conformance` and `duijie connector verify` use: one test a case. */
export function conformanceTests(harness: () => ConformanceHarness): void {
  for (const each of conformanceCases) {
    it(`${each.id}: ${each.title}`, async function () {
      const { failure, reason, status } = await runCase(each, harness());
      if (status === "failed") throw new Error(failure);
      if (reason !== undefined) skip(this, texts(`conformance.lack.${reason}`));
    });
  }
}
