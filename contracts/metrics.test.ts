import { expect } from "chai";
import { metricNames, metrics } from "./metrics.ts";
import { readTexts } from "./texts.ts";

describe("the catalogue of metrics", () => {
  it("says of every metric what it means, and of no other", () => {
    const told = Object.keys(readTexts("zh")).filter((key) => key.startsWith("metrics."));
    expect(told.toSorted()).to.deep.equal(metricNames.map((name) => `metrics.${name}`).toSorted());
  });

  it("names metrics as Prometheus asks: our prefix, base units, counters in _total", () => {
    for (const name of metricNames) {
      expect(name).to.match(/^duijie_[a-z0-9_]+$/);
      expect(name.endsWith("_total"), name).to.equal(metrics[name].kind === "counter");
      expect(name).not.to.match(/_(?:ms|milliseconds|minutes|hours|kb|mb)(?:_|$)/);
    }
  });

  it("has no label that a person could stand in", () => {
    const allowed = [
      "version",
      "role",
      "part",
      "stage",
      "entity",
      "code",
      "event",
      "message_type",
      "outcome",
      "state",
    ];
    const codes = ["county", "province", "table", "result"];
    for (const name of metricNames)
      expect([...allowed, ...codes]).to.include.members([...metrics[name].labels]);
  });
});
