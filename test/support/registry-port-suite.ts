import { expect } from "chai";
import { digestText, wireDigest } from "../../contracts/digest.ts";
import type { EntityName, FieldValue } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";
import type { RegistryPort, Verdict, VerifiedBatch } from "../../pipeline/registry-port.ts";
import { type ProvinceCode, type Row, smallProvince } from "./small-province.ts";

/** What an adapter's test brings: units of work, and a way to look at what the registry holds. */
export interface RegistryHarness<S> {
  readonly port: RegistryPort<S>;
  /** The registry knows this province's ministry data (`small-province.ts`), and of another one nothing. */
  readonly province: ProvinceCode;
  /** One unit of work, committed unless it throws. */
  unit<T>(work: (session: S) => Promise<T>): Promise<T>;
  /** Keys that the registry holds alive, sorted. */
  keys(entity: EntityName): Promise<readonly string[]>;
  /** One value as the registry gives it back in canonical text. */
  value(entity: EntityName, key: string, field: string): Promise<FieldValue>;
  empty(): Promise<void>;
}

/** The suite that each adapter of the registry port must pass, unchanged. */
export function registryPortSuite<S>(name: string, open: () => Promise<RegistryHarness<S>>): void {
  describe(`registry port: ${name}`, function () {
    this.timeout(60_000);
    let harness: RegistryHarness<S>;
    let rows: Record<EntityName, Row[]>;

    before(async () => {
      harness = await open();
      rows = smallProvince(harness.province, 6);
    });

    beforeEach(async () => await harness.empty());

    const apply = async (batch: VerifiedBatch) =>
      await harness.unit(async (session) => await harness.port.apply(session, batch));
    const send = async (entity: EntityName, version: number, list: readonly Row[] = rows[entity]) =>
      await apply(batchOf(harness.province, entity, version, list));
    const sendParents = async () => {
      for (const entity of ["region", "school", "grade", "class"] as const)
        expect(await send(entity, 1)).to.deep.equal([]);
    };

    it("applies what has its parents, and says nothing about it", async () => {
      await sendParents();
      expect(await send("student", 2)).to.deep.equal([]);
      expect(await send("guardian", 3)).to.deep.equal([]);
      expect(await harness.keys("student")).to.have.length(6);
      expect(await harness.value("student", "p000003", "birthDate")).to.equal("20130405");
      expect(await harness.value("student", "p000003", "commuteKm")).to.equal("1.5");
      expect(await harness.value("student", "p000003", "isOrphan")).to.equal("0");
    });

    it("names the parent that is missing, and applies the others of the batch", async () => {
      await sendParents();
      const orphan = { ...rows.student[0], classId: "nowhere" };
      const verdicts = await send("student", 2, [orphan, ...rows.student.slice(1)]);
      expect(verdicts).to.deep.equal([
        verdict(0, "p000000", "waiting", "PARENT_MISSING", "classId", {
          entity: "class",
          identifier: "nowhere",
        }),
      ]);
      expect(await harness.keys("student")).to.have.length(5);
    });

    it("takes a pupil as the parent by its key", async () => {
      await sendParents();
      await send("student", 2, rows.student.slice(0, 1));
      const verdicts = await send("guardian", 3, rows.guardian.slice(0, 4));
      expect(verdicts.map((one) => one.parent)).to.deep.equal([
        { entity: "student", identifier: "p000001" },
        { entity: "student", identifier: "p000001" },
      ]);
    });

    it("lets the newer version win, in whichever order they come", async () => {
      await sendParents();
      const changed = rows.student.map((row) => ({ ...row, phone: "13900000777" }));
      expect(await send("student", 9, changed)).to.deep.equal([]);
      const late = await send("student", 5);
      expect(late.map((one) => [one.outcome, one.code])).to.deep.equal(
        late.map(() => ["superseded", "VERSION_SUPERSEDED"]),
      );
      expect(late).to.have.length(6);
      expect(await harness.value("student", "p000002", "phone")).to.equal("13900000777");
    });

    it("gives exact verdicts to two batches that race for the same keys", async () => {
      await sendParents();
      const newer = rows.student.map((row) => ({ ...row, phone: "13900000888" }));
      const rounds = Array.from({ length: 10 }, (_, round) => round);
      for (const round of rounds) {
        await harness.empty();
        await sendParents();
        const [older, winner] = await Promise.all([send("student", 10), send("student", 11, newer)]);
        expect(winner, `round ${round}`).to.deep.equal([]);
        expect(new Set(older.map((one) => one.outcome)).size, `round ${round}`).to.be.lessThan(2);
        expect(await harness.value("student", "p000002", "phone")).to.equal("13900000888");
      }
    });

    it("creates no school that the ministry does not know", async () => {
      const [school] = rows.school;
      const verdicts = await send("school", 1, [{ ...school, schoolId: `21${harness.province}999999` }]);
      expect(verdicts).to.deep.equal([
        verdict(0, school?.["key"] ?? "", "rejected", "SCHOOL_UNKNOWN", "schoolId"),
      ]);
      expect(await harness.keys("school")).to.deep.equal([]);
    });

    it("creates no region that the ministry does not know", async () => {
      const verdicts = await send("region", 1, [{ ...rows.region[0], code: `${harness.province}9999` }]);
      expect(verdicts.map((one) => one.code)).to.deep.equal(["REGION_UNKNOWN"]);
    });

    it("refuses a second holder of an identifier, from another batch and from the same one", async () => {
      await send("region", 1);
      await send("school", 1);
      const [grade] = rows.grade;
      expect(await send("grade", 2, [{ ...grade }])).to.deep.equal([]);
      const other = await send("grade", 3, [{ ...grade, key: "another" }]);
      expect(other.map((one) => one.code)).to.deep.equal(["IDENTIFIER_TAKEN"]);
      const fresh = { ...grade, gradeId: "fresh" };
      const twice = await send("grade", 4, [
        { ...fresh, key: "first" },
        { ...fresh, key: "second" },
      ]);
      expect(twice.map((one) => [one.key, one.code])).to.deep.equal([["second", "IDENTIFIER_TAKEN"]]);
    });

    it("keeps of a deleted record its key and version, and nothing of the child", async () => {
      await sendParents();
      await send("student", 2);
      const [student] = rows.student;
      const batch = batchOf(harness.province, "student", 3, [{ ...student }]);
      expect(
        await apply({ ...batch, records: batch.records.map((one) => ({ ...one, op: "delete" })) }),
      ).to.deep.equal([]);
      expect(await harness.keys("student")).not.to.include("p000000");
      expect(await harness.value("student", "p000000", "name")).to.equal(null);
      const late = await send("student", 2, [{ ...student }]);
      expect(late.map((one) => one.outcome)).to.deep.equal(["superseded"]);
    });

    it("takes a deletion whatever its parents and children are; children that come later wait", async () => {
      await sendParents();
      await send("student", 2, rows.student.slice(0, 3));
      for (const entity of ["class", "grade"] as const)
        expect(await apply(deletionOf(harness.province, entity, 3, rows[entity]))).to.deep.equal([]);
      expect(await harness.keys("student")).to.have.length(3);
      // Its class is gone, and of another pupil the nation has never heard.
      const gone = rows.student.slice(2, 4);
      expect(await apply(deletionOf(harness.province, "student", 4, gone))).to.deep.equal([]);
      expect(await harness.keys("student")).to.deep.equal(["p000000", "p000001"]);
      const late = await send("student", 5, rows.student.slice(4));
      expect(late.map((one) => one.code)).to.deep.equal(["PARENT_MISSING", "PARENT_MISSING"]);
    });

    it("takes back a key that was deleted, under a newer version, and lets go of its identifier", async () => {
      await sendParents();
      const [grade] = rows.grade;
      expect(await apply(deletionOf(harness.province, "grade", 2, [{ ...grade }]))).to.deep.equal([]);
      expect(await send("grade", 3, [{ ...grade, key: "another" }])).to.deep.equal([]);
      expect(await apply(deletionOf(harness.province, "grade", 4, [{ key: "another" }]))).to.deep.equal([]);
      expect(await send("grade", 5, [{ ...grade }])).to.deep.equal([]);
      expect(await harness.value("grade", grade?.["key"] ?? "", "name")).to.equal("2019级");
    });

    it("does nothing when the unit of work fails afterwards", async () => {
      await sendParents();
      const failing = harness.unit(async (session) => {
        await harness.port.apply(session, batchOf(harness.province, "student", 2, rows.student));
        throw new Error("the caller's own");
      });
      expect(await failing.catch((error: unknown) => (error instanceof Error ? error.message : ""))).to.equal(
        "the caller's own",
      );
      expect(await harness.keys("student")).to.deep.equal([]);
    });

    it("proves what it holds by digests over its own columns", async () => {
      await sendParents();
      await send("student", 2);
      const digests = await harness.unit(
        async (session) => await harness.port.digests(session, harness.province),
      );
      const values = batchOf(harness.province, "student", 2, rows.student).records.map((one) => one.values);
      expect(digestText(values[0] ?? [])).to.contain("8:20130405");
      const sum = values.reduce(
        (total, one) => total + BigInt(`0x${wireDigest(one).subarray(0, 7).toString("hex")}`),
        0n,
      );
      expect(digests.find((one) => one.entity === "student")).to.deep.equal({
        entity: "student",
        rows: 6,
        sum: String(sum),
      });
      const foreign = await harness.unit(async (session) => await harness.port.digests(session, "11"));
      expect(foreign.every((one) => one.rows === 0)).to.equal(true);
    });

    it("takes an empty batch", async () => {
      expect(await send("student", 2, [])).to.deep.equal([]);
    });
  });
}

function batchOf(province: string, entity: EntityName, version: number, rows: readonly Row[]): VerifiedBatch {
  const { fields } = entityContract(entity);
  return {
    province,
    // Unique per entity and version, as the pipeline's are.
    batchId: BigInt(version),
    entity,
    contractVersion: 1,
    mappingVersion: 0,
    records: rows.map((row, ordinal) => ({
      ordinal,
      op: "upsert",
      key: row["key"] ?? "",
      previousKey: null,
      version: BigInt(version),
      baseNationalVersion: null,
      custodyEpoch: 0,
      values: fields.map((field) => row[field.name] ?? null),
    })),
  };
}

function deletionOf(
  province: string,
  entity: EntityName,
  version: number,
  rows: readonly Row[],
): VerifiedBatch {
  const batch = batchOf(province, entity, version, rows);
  const values = entityContract(entity).fields.map(() => null);
  return { ...batch, records: batch.records.map((one) => ({ ...one, op: "delete", values })) };
}

function verdict(
  ordinal: number,
  key: string,
  outcome: Verdict["outcome"],
  code: Verdict["code"],
  field: string,
  parent: Verdict["parent"] = null,
): Verdict {
  return { ordinal, key, outcome, code, field, parent };
}
