import type { EntityName } from "../../contracts/entity.ts";
import type { BirthLedger } from "./birth-ledger.ts";
import type { Canaries } from "./canaries.ts";
import {
  classTypeUnmapped,
  type DefectSchedule,
  type Fate,
  type GuardianDefect,
  guardianFates,
  type PupilDefect,
  parentMissing,
  pupilFates,
  schoolUnknown,
  schoolUnmapped,
} from "./defects.ts";
import { makeGuardians } from "./guardian.ts";
import { type GradePlan, gradesOf, type ProvincePlan, type SchoolPlan } from "./province-plan.ts";
import { makePupil, type Seat, type Truth } from "./pupil.ts";
import type { County } from "./region-data.ts";
import type { PupilRow, RegistryShape, WriteRow } from "./registry-shape.ts";
import { campusTruth, classTruth, gradeTruth, schoolTruth } from "./school-records.ts";
import { SeededRandom } from "./seeded-random.ts";
import type { TruthRecorder } from "./truth.ts";

export interface SchoolWriterParts {
  readonly plan: ProvincePlan;
  readonly shape: RegistryShape;
  readonly write: WriteRow;
  readonly truth: TruthRecorder;
  readonly canaries: Canaries;
  readonly births: BirthLedger;
  readonly pupilDefects: DefectSchedule<PupilDefect>;
  readonly guardianDefects: DefectSchedule<GuardianDefect>;
}

/** The end of a row that is not applied, and the name under which it is counted. */
interface Planted {
  readonly kind: string;
  readonly fate: Fate;
}

/** Writes schools with all that hangs on them, and records what must become of each row. */
export class SchoolWriter {
  readonly #parts: SchoolWriterParts;
  readonly #numbers = new Map<string, number>();
  #soundPupils = 0;

  constructor(parts: SchoolWriterParts) {
    this.#parts = parts;
  }

  /** Yields after each class, so that the caller can wait for the database. */
  *classes(plan: SchoolPlan): Generator<void> {
    const { shape, write } = this.#parts;
    const random = new SeededRandom(this.#parts.plan.seed, "school", plan.index);
    const schoolKey = shape.keys.key("school", plan.number, plan.isMerged);
    const truth = schoolTruth(plan, random);
    shape.rows.school({ key: schoolKey, plan, truth }, write);
    this.#record("school", schoolKey, truth, schoolItself(plan));
    this.#campuses(plan, schoolKey, random);
    for (const grade of gradesOf(plan)) yield* this.#grade(plan, schoolKey, grade, random);
  }

  #campuses(plan: SchoolPlan, schoolKey: string, random: SeededRandom): void {
    const { shape, write } = this.#parts;
    for (let number = 1; number <= (plan.pupils > 1200 ? 2 : 1); number++) {
      const key = this.#key("campus", plan);
      const truth = campusTruth(plan, number, random);
      shape.rows.campus({ key, schoolKey, plan, truth }, write);
      this.#record("campus", key, truth, ofSchool(plan));
    }
  }

  *#grade(plan: SchoolPlan, schoolKey: string, grade: GradePlan, random: SeededRandom): Generator<void> {
    const { shape, write } = this.#parts;
    const gradeKey = this.#key("grade", plan);
    const truth = gradeTruth(plan, grade, gradeKey);
    shape.rows.grade({ key: gradeKey, schoolKey, plan, grade, truth }, write);
    this.#record("grade", gradeKey, truth, ofSchool(plan));
    for (const one of grade.classes) {
      const classKey = this.#key("class", plan);
      const seat = { school: plan, grade, class: one, gradeKey, classKey };
      this.#class({ ...seat, seat: 0 }, schoolKey, random);
      for (let at = 1; at <= one.pupils; at++) this.#pupil({ ...seat, seat: at }, schoolKey, random);
      yield;
    }
  }

  #class(seat: Seat, schoolKey: string, random: SeededRandom): void {
    const { shape, write } = this.#parts;
    const truth = classTruth(seat, random);
    shape.rows.class({ key: seat.classKey, schoolKey, seat, truth }, write);
    const itself = seat.class.isUnmapped ? { kind: "class-type-unmapped", fate: classTypeUnmapped } : null;
    this.#record("class", seat.classKey, truth, ofSchool(seat.school) ?? itself);
  }

  #pupil(seat: Seat, schoolKey: string, random: SeededRandom): void {
    const { plan, shape, write, births, canaries, pupilDefects, guardianDefects } = this.#parts;
    const inherited = ofSchool(seat.school) ?? ofClass(seat);
    const index = this.#soundPupils;
    const defect = inherited === null ? pupilDefects.at(index) : null;
    const guardianDefect = inherited === null && defect === null ? guardianDefects.at(index) : null;
    if (inherited === null) this.#soundPupils += 1;
    const number = this.#next("student", seat.school.isMerged);
    const name = inherited === null ? canaries.pupilName(index, defect) : null;
    const home = this.#home(seat.school, random);
    const pupil = makePupil(
      { seat, number, defect, home, renamed: plan.regions.renamed, name },
      births,
      random,
    );
    if (name !== null) canaries.note(pupil.truth);
    const row = { key: shape.keys.key("student", number, seat.school.isMerged), schoolKey, pupil, plan };
    shape.rows.pupil(row, write);
    const itself = defect === null ? null : { kind: defect, fate: pupilFates[defect] };
    this.#recordPupil(row, inherited ?? itself);
    this.#guardians(row, inherited ?? itself, guardianDefect, random);
  }

  #recordPupil({ key, pupil }: PupilRow, planted: Planted | null): void {
    const isKeyless = planted?.kind === "key-missing";
    const rows = planted?.kind === "key-duplicate" ? 2 : 1;
    this.#record("student", isKeyless ? null : key, pupil.truth, planted, rows);
  }

  /** Whoever's pupil does not arrive waits; a pupil without a key has no guardians, for they would point nowhere. */
  #guardians(
    row: PupilRow,
    parent: Planted | null,
    defect: GuardianDefect | null,
    random: SeededRandom,
  ): void {
    const { shape, write, canaries } = this.#parts;
    const name = canaries.guardianName(defect);
    const guardians = makeGuardians(row.pupil, row.key, random, defect, name);
    if (parent?.kind === "key-missing") return;
    if (name !== null) canaries.note(guardians[0].truth);
    shape.rows.guardians(row, guardians, write);
    const waiting = parent === null ? null : { kind: "guardian-of-parked-pupil", fate: parentMissing };
    for (const { ordinal, truth, defect: own } of guardians) {
      const itself = own === null ? null : { kind: own, fate: guardianFates[own] };
      const key = guardianKey(shape, row.key, ordinal, own);
      this.#record("guardian", key, truth, waiting ?? itself, own === "guardian-key-duplicate" ? 2 : 1);
    }
  }

  #record(entity: EntityName, key: string | null, truth: Truth, planted: Planted | null, rows = 1): void {
    if (planted !== null) this.#parts.truth.exception(entity, planted.kind, key, planted.fate, rows);
    else if (key !== null) this.#parts.truth.applied(entity, key, truth);
  }

  /** One pupil in twenty comes from another county of the province. */
  #home(school: SchoolPlan, random: SeededRandom): County {
    return random.chance(0.05) ? random.pick(this.#parts.plan.regions.counties) : school.county;
  }

  #key(entity: "campus" | "grade" | "class", plan: SchoolPlan): string {
    return this.#parts.shape.keys.key(entity, this.#next(entity, plan.isMerged), plan.isMerged);
  }

  #next(entity: string, isMerged: boolean): number {
    const counter = `${entity} ${isMerged}`;
    const number = (this.#numbers.get(counter) ?? 0) + 1;
    this.#numbers.set(counter, number);
    return number;
  }
}

function guardianKey(
  shape: RegistryShape,
  pupilKey: string,
  ordinal: string,
  defect: GuardianDefect | null,
): string | null {
  if (defect === "guardian-key-missing") return null;
  return shape.keys.guardian(defect === "guardian-orphan" ? `${pupilKey}X` : pupilKey, ordinal);
}

function schoolItself(plan: SchoolPlan): Planted | null {
  if (plan.fate === "sound") return null;
  return plan.fate === "unmapped"
    ? { kind: "school-unmapped", fate: schoolUnmapped }
    : { kind: "school-unknown", fate: schoolUnknown };
}

/** What names the school by the same key is unmapped like it; what names an id that the ministry lacks waits for it. */
function ofSchool(plan: SchoolPlan): Planted | null {
  if (plan.fate === "sound") return null;
  return plan.fate === "unmapped"
    ? { kind: "of-unmapped-school", fate: schoolUnmapped }
    : { kind: "of-unknown-school", fate: parentMissing };
}

function ofClass(seat: Seat): Planted | null {
  return seat.class.isUnmapped ? { kind: "of-class-type-unmapped", fate: parentMissing } : null;
}
