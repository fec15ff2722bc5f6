import { expect } from "chai";
import fc from "fast-check";
import { dayAfter, instantOf, isDay, isTimeZone, localTime } from "./local-time.ts";

const iso = (day: string, minutes: number, zone: string) => instantOf(day, minutes, zone).toISOString();

describe("local time", () => {
  it("is what the clocks of the zone show", () => {
    expect(localTime(new Date("2026-09-01T16:30:00Z"), "Asia/Shanghai")).to.deep.equal({
      day: "2026-09-02",
      weekday: 3,
      minutes: 30,
    });
    expect(iso("2026-09-02", 22 * 60, "Asia/Shanghai")).to.equal("2026-09-02T14:00:00.000Z");
    expect(iso("2026-09-02", 24 * 60, "Asia/Shanghai")).to.equal("2026-09-02T16:00:00.000Z");
  });

  it("means the moment of the change by an hour that is left out, and the first of an hour that comes twice", () => {
    expect(iso("2026-03-29", 150, "Europe/Berlin")).to.equal("2026-03-29T01:00:00.000Z");
    expect(iso("2026-03-29", 180, "Europe/Berlin")).to.equal("2026-03-29T01:00:00.000Z");
    expect(iso("2026-10-25", 150, "Europe/Berlin")).to.equal("2026-10-25T00:30:00.000Z");
    // China had summer time once, and old systems still know it.
    expect(iso("1988-07-01", 0, "Asia/Shanghai")).to.equal("1988-06-30T15:00:00.000Z");
  });

  it("comes back from the moment that it names, in every zone, but for an hour that is left out", () => {
    const zones = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"];
    const moment = fc.record({
      days: fc.integer({ min: 0, max: 3650 }),
      minutes: fc.integer({ min: 0, max: 1439 }),
      zone: fc.constantFrom(...zones),
    });
    fc.assert(
      fc.property(moment, ({ days, minutes, zone }) => {
        const day = dayAfter("2020-01-01", days);
        const at = instantOf(day, minutes, zone);
        const shown = localTime(at, zone);
        if (shown.day === day && shown.minutes === minutes) return;
        const before = localTime(new Date(at.getTime() - 60_000), zone);
        expect(before.minutes, `${day} ${minutes} ${zone}`).to.be.lessThan(minutes);
        expect(shown.minutes).to.be.greaterThan(minutes);
      }),
    );
  });

  it("knows zones and days that exist", () => {
    expect(["Asia/Shanghai", "Europe/Berlin", "Asia/Peking", ""].map(isTimeZone)).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    expect(["2028-02-29", "2026-02-29", "2026-13-01", "2026-6-7"].map(isDay)).to.deep.equal([
      true,
      false,
      false,
      false,
    ]);
  });
});
