import { expect } from "chai";
import { DuijieError } from "../../contracts/errors.ts";
import { type Log, silentLog } from "../../contracts/log.ts";
import { OtlpCollector } from "../../test/support/otlp-collector.ts";
import { serveHttp } from "./http-server.ts";
import { openTracer } from "./otel-tracer.ts";

const options = { role: "province" as const, version: "1", log: silentLog };

describe("the tracer", () => {
  it("hangs a span where it is told, and begins a trace where the parent is none or nonsense", async () => {
    const collector = await OtlpCollector.open();
    const { close, tracer } = openTracer({ ...options, otlpUrl: collector.url });
    const parent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const told: string[] = [];
    for (const one of [parent, null, "x\n", `00-${"0".repeat(32)}-${"0".repeat(16)}-01`])
      await tracer.span("stage", one, { entity: "student" }, async (own) => {
        told.push(own);
        await Promise.resolve();
      });
    tracer.past("capture", parent, {}, performance.now() - 5);
    await close();
    const [child, root, nonsense, zeros, past] = collector.spans;
    expect(child).to.include({ traceId: "a".repeat(32), parentSpanId: "b".repeat(16) });
    expect(past).to.include({ name: "capture", traceId: "a".repeat(32), parentSpanId: "b".repeat(16) });
    for (const one of [root, nonsense, zeros]) expect(one?.parentSpanId).to.equal("");
    expect(told).to.deep.equal(
      [child, root, nonsense, zeros].map((span) => `00-${span?.traceId}-${span?.spanId}-01`),
    );
    await collector.close();
  });

  it("says of an error its code, and throws it on", async () => {
    const collector = await OtlpCollector.open();
    const { close, tracer } = openTracer({ ...options, otlpUrl: collector.url });
    const failing = async (error: Error): Promise<unknown> => {
      try {
        return await tracer.span("land", null, {}, async () => await rejected(error));
      } catch (caught) {
        return caught;
      }
    };
    const ours = new DuijieError("STORE_CONFLICT", { table: "staging.student" });
    const foreign = new Error("Key (name)=(somebody) exists");
    expect([await failing(ours), await failing(foreign)]).to.deep.equal([ours, foreign]);
    await close();
    const text = collector.texts.join("\n");
    expect(text).to.include("STORE_CONFLICT").and.include("UNKNOWN");
    expect(text).not.to.include("somebody");
    await collector.close();
  });

  it("does its work and ends in time when nobody takes its spans", async function () {
    this.timeout(20_000);
    // Port 9 (discard): nobody listens.
    const { close, tracer } = openTracer({ ...options, otlpUrl: "http://127.0.0.1:9/v1/traces" });
    expect(await tracer.span("map", null, {}, async () => await Promise.resolve(7))).to.equal(7);
    const started = performance.now();
    await close();
    expect(performance.now() - started).to.be.below(10_000);
  });

  it("warns when a collector refuses its spans", async () => {
    const warned: string[] = [];
    const log: Log = { ...silentLog, warn: (code) => warned.push(code) };
    const refusing = await serveHttp("127.0.0.1:0", {});
    const { close, tracer } = openTracer({ ...options, log, otlpUrl: `${refusing.url}/v1/traces` });
    await tracer.span("map", null, {}, async () => await Promise.resolve());
    await close();
    await refusing.close();
    expect(warned).to.deep.equal(["traces.not-exported"]);
  });
});

async function rejected(what: Error): Promise<never> {
  await Promise.resolve();
  throw what;
}
