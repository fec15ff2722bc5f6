import { expect } from "chai";
import { flameGraph, flamesOf } from "./flame-graph.ts";

const frame = (functionName: string, url = "") => ({ functionName, url });
const profile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 4, 5] },
    { id: 2, callFrame: frame("load", "file:///x/pipeline/loader.ts"), children: [3] },
    { id: 3, callFrame: frame("<map>", "file:///x/node_modules/ajv/dist/a.js") },
    { id: 4, callFrame: frame("(idle)") },
    { id: 5, callFrame: frame("(garbage collector)") },
  ],
  samples: [2, 3, 3, 4, 5],
  timeDeltas: [100, 200, 100, 5000, 100],
};

describe("the flame graph", () => {
  it("adds up what was running, by the way it was called, without waiting", () => {
    const root = flamesOf(profile);
    expect(root.micros).to.equal(500);
    const load = root.children.get("load pipeline/loader.ts");
    expect(load?.micros).to.equal(400);
    expect(load?.children.get("<map> ajv")?.micros).to.equal(300);
  });

  it("is a picture whose widths are shares, with names that can't break it", () => {
    const picture = flameGraph(flamesOf(profile), "a & b");
    expect(picture).to.include("a &amp; b").and.to.include("&lt;map&gt; ajv 60.0 %");
    expect(picture).to.match(/width="1200.0" height="14"/);
    expect(picture).to.match(/width="960.0" height="14"/);
  });
});
