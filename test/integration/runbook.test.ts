import { expect } from "chai";
import {
  endRecall,
  endVendor,
  loadCases,
  recordCases,
  shareCase,
  vendorCase,
} from "../support/runbook-cases.ts";
import { packageCases } from "../support/runbook-package-cases.ts";
import { type RunbookSection, readRunbook } from "../support/runbook-page.ts";
import {
  dropRegistryWithoutCharset,
  fileCases,
  serverCases,
  setUpCases,
} from "../support/runbook-set-up-cases.ts";
import { type RunbookCase, RunbookWorld } from "../support/runbook-world.ts";

describe("the cure of docs/runbook.md", function () {
  this.timeout(240_000);
  const { sections } = readRunbook();
  let world: RunbookWorld;

  before(async () => {
    world = await RunbookWorld.open();
  });
  after(endRecall);
  after(endVendor);
  after(async () => await world?.close());
  after(dropRegistryWithoutCharset);
  beforeEach(() => world.reset());

  function sectionOf(code: string): RunbookSection {
    const section = sections.find((one) => one.code === code);
    if (section === undefined) throw new Error(`no section ${code}`);
    return section;
  }

  /** The fault shows as the page says, its cure is typed, and the page's proof holds. */
  async function cure({ code, hand, provoke }: RunbookCase): Promise<void> {
    const section = sectionOf(code);
    await provoke?.(world);
    await world.typeAll(section.check, []);
    await world.typeAll(section.cure, hand?.(world) ?? []);
    await world.typeAll(section.proof, []);
  }

  for (const one of [...setUpCases, ...serverCases, ...fileCases, ...packageCases, ...loadCases]) {
    it(`mends ${one.code}`, async () => await cure(one));
  }

  describe("for records", () => {
    before(async () => {
      world.reset();
      for (const { spoil } of recordCases) await world.sql("REGISTRY_OWNER", spoil);
      await world.type("duijie load run # → 3", []);
    });

    for (const { code, mend } of recordCases) {
      it(`mends ${code}`, async () => {
        const step = async () => {
          if (typeof mend === "string") await world.sql("REGISTRY_OWNER", mend);
          else mend(world);
        };
        await cure({ code, hand: () => [step] });
      });
    }

    it("leaves nothing parked, and both sides equal", async () => {
      await world.type("duijie load run # → 0", []);
      expect(
        await world.sql(
          "EXCHANGE_OWNER",
          "SELECT 1 FROM exchange.exception WHERE outcome <> 'superseded' LIMIT 1",
        ),
      ).to.deep.equal([]);
    });
  });

  it(`mends ${shareCase.code}`, async () => await cure(shareCase));

  describe("for a vendor's load", () => {
    it(`mends ${vendorCase.code}`, async () => await cure(vendorCase));
  });
});
