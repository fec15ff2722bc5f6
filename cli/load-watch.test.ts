import { expect } from "chai";
import type { EntityLoadProgress } from "../exchange-db/load-progress.ts";
import { RowRate, slowSideOf } from "./load-watch.ts";

function progress(more: Partial<EntityLoadProgress>): EntityLoadProgress {
  return {
    entity: "student",
    chunks: 10,
    chunksLanded: 5,
    rows: 0,
    batchesSealed: 0,
    batchesPublished: 0,
    batchesSettled: 0,
    ...more,
  };
}

describe("watch over a load", () => {
  it("takes the nation for the slow side when batches without a receipt pile up", () => {
    const found = slowSideOf([progress({ batchesPublished: 40 })], {
      waitedShare: 0.9,
      inFlightMax: 64,
      share: 1,
    });
    expect(found).to.equal("nation");
  });

  it("takes the registry for it when its readers mostly wait for pages", () => {
    expect(slowSideOf([progress({})], { waitedShare: 0.8, inFlightMax: 64, share: 1 })).to.equal("source");
    const slowed = { waitedShare: 0.8, inFlightMax: 64, share: 0.5 };
    expect(slowSideOf([progress({})], slowed)).to.equal("protection");
    expect(slowSideOf([progress({})], { waitedShare: 0.1, inFlightMax: 64, share: 1 })).to.equal(
      "exchange-db",
    );
  });

  it("waits for the nation alone when everything is read", () => {
    const read = progress({ chunksLanded: 10, batchesPublished: 1 });
    expect(slowSideOf([read], { waitedShare: 0, inFlightMax: 64, share: 1 })).to.equal("nation");
    const done = progress({ chunksLanded: 10 });
    expect(slowSideOf([done], { waitedShare: 0, inFlightMax: 64, share: 1 })).to.equal("none");
  });

  it("tells rows a second of the last seconds, so that a pause shows", () => {
    const rate = new RowRate();
    expect(rate.at(0, 0)).to.equal(0);
    expect(rate.at(1000, 1000)).to.equal(1000);
    expect(rate.at(3000, 2000)).to.equal(1500);
    expect(rate.at(3000, 30_000)).to.equal(0);
  });
});
