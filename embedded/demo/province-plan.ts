import { defectsPerKind } from "./defects.ts";
import { placeWords } from "./name-parts.ts";
import { type County, type ProvinceRegions, regionsOfProvince } from "./region-data.ts";
import { SeededRandom, WeightedChoice } from "./seeded-random.ts";

/** The school year that the demo stands in; fixed, so that the same seed gives the same bytes on any day. */
export const schoolYear = 2026;

export type PhaseCode = "2" | "3" | "4";
export interface PhasePlan {
  readonly code: PhaseCode;
  /** Years to graduation. */
  readonly years: number;
  /** Grades that the school runs: a teaching point has the lower ones only. */
  readonly grades: number;
}

/** `sound`; or the whole school is a planted defect: its id is unmapped, or mapped to one that the ministry lacks. */
export type SchoolFate = "sound" | "unmapped" | "unknown";

export interface SchoolPlan {
  readonly index: number;
  /** From a system that was merged in: its keys are lower-case and count from one again. */
  readonly isMerged: boolean;
  readonly number: number;
  /** The ministry's institution code, 10 digits. */
  readonly schoolId: string;
  readonly name: string;
  readonly typeCode: string;
  readonly county: County;
  readonly phases: readonly PhasePlan[];
  readonly isPrivate: boolean;
  readonly isBoarding: boolean;
  readonly pupils: number;
  readonly fate: SchoolFate;
  /** Its first class has a type that nobody mapped. */
  readonly hasUnmappedClass: boolean;
}

export interface ProvincePlan {
  readonly seed: string;
  readonly province: string;
  readonly students: number;
  readonly regions: ProvinceRegions;
  readonly schools: readonly SchoolPlan[];
  /** Pupils of sound schools and classes: those that single defects are spread over. */
  readonly soundPupils: number;
}

interface Kind {
  readonly typeCode: string;
  readonly title: string;
  readonly phases: readonly PhaseCode[];
  readonly pupils: number;
}

const teachingPoint: Kind = { typeCode: "218", title: "教学点", phases: ["2"], pupils: 20 };
const kinds = new WeightedChoice<Kind>([
  [{ typeCode: "211", title: "小学", phases: ["2"], pupils: 900 }, 50],
  [{ typeCode: "311", title: "初级中学", phases: ["3"], pupils: 900 }, 22],
  [{ typeCode: "312", title: "九年一贯制学校", phases: ["2", "3"], pupils: 1100 }, 10],
  [{ typeCode: "342", title: "高级中学", phases: ["4"], pupils: 1300 }, 9],
  [{ typeCode: "341", title: "完全中学", phases: ["3", "4"], pupils: 1300 }, 6],
  [{ typeCode: "345", title: "十二年一贯制学校", phases: ["2", "3", "4"], pupils: 1200 }, 3],
]);

/** Lays out all schools; only this list is held in memory, about one entry for 250 pupils. */
export function planProvince(options: {
  readonly seed: string;
  readonly province: string;
  readonly students: number;
}): ProvincePlan {
  const regions = regionsOfProvince(options.province);
  const random = new SeededRandom(options.seed, "plan");
  const drafts = draftSchools(options.students, usedCounties(regions, options.students, random), random);
  const schools = numberSchools(drafts, options.province);
  const soundPupils = schools.reduce((sum, school) => sum + soundPupilsOf(school), 0);
  return { ...options, regions, schools, soundPupils };
}

/** A county for about 6,000 pupils: a small demo still has shares per county that mean something. */
function usedCounties(regions: ProvinceRegions, students: number, random: SeededRandom): County[] {
  const wanted = Math.min(regions.counties.length, Math.max(1, Math.round(students / 6000)));
  const start = random.below(regions.counties.length);
  const step = Math.max(1, Math.floor(regions.counties.length / wanted));
  return Array.from({ length: wanted }, (_, at) => {
    const county = regions.counties[(start + at * step) % regions.counties.length];
    if (county === undefined) throw new RangeError("county index out of range");
    return county;
  }).toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

type Draft = Omit<SchoolPlan, "index" | "isMerged" | "number" | "schoolId" | "hasUnmappedClass">;

function draftSchools(students: number, counties: readonly County[], random: SeededRandom): Draft[] {
  const bad = badSchools(students);
  const drafts: Draft[] = [];
  const share = (at: number): number => Math.floor((students * at) / counties.length);
  for (const [at, county] of counties.entries()) {
    let left = share(at + 1) - share(at);
    const isFiveFour = random.chance(0.15);
    for (const fate of bad.filter((_, index) => index % counties.length === at)) {
      const pupils = Math.min(left, 4 + random.below(4));
      drafts.push(draft(teachingPoint, county, pupils, isFiveFour, fate, drafts.length, random));
      left -= pupils;
    }
    for (let points = Math.floor(left / 300); points > 0; points--) {
      const pupils = Math.min(left, 12 + random.below(18));
      drafts.push(draft(teachingPoint, county, pupils, isFiveFour, "sound", drafts.length, random));
      left -= pupils;
    }
    while (left > 0) {
      const kind = kinds.pick(random);
      const pupils = Math.min(left, Math.floor(kind.pupils * (0.6 + random.below(80) / 100)));
      drafts.push(draft(kind, county, pupils, isFiveFour, "sound", drafts.length, random));
      left -= pupils;
    }
  }
  return drafts;
}

/** Whole schools that fail are tiny: their pupils must not push a county over its share of quarantine. */
function badSchools(students: number): SchoolFate[] {
  if (defectsPerKind(students) === 0) return [];
  const each = Math.max(1, Math.round(students / 50_000));
  return Array.from({ length: each * 2 }, (_, at) => (at % 2 === 0 ? "unmapped" : "unknown"));
}

function draft(
  kind: Kind,
  county: County,
  pupils: number,
  isFiveFour: boolean,
  fate: SchoolFate,
  index: number,
  random: SeededRandom,
): Draft {
  const isPrivate = kind !== teachingPoint && random.chance(0.08);
  const district = county.fullName.slice(county.nativePlace.length);
  return {
    name: `${district}${random.pick(placeWords)}${isPrivate ? "民办" : ""}第${index + 1}${kind.title}`,
    typeCode: kind.typeCode,
    county,
    phases: kind.phases.map((code) => phasePlan(code, isFiveFour, kind, fate)),
    isPrivate,
    isBoarding: kind.phases.includes("4") || random.chance(0.2),
    pupils,
    fate,
  };
}

/** Five years of primary go with four of junior. */
function phasePlan(code: PhaseCode, isFiveFour: boolean, kind: Kind, fate: SchoolFate): PhasePlan {
  const years = code === "2" ? (isFiveFour ? 5 : 6) : code === "3" ? (isFiveFour ? 4 : 3) : 3;
  const grades = kind !== teachingPoint ? years : fate === "sound" ? 3 : 1;
  return { code, years, grades };
}

/** The last twentieth of the schools, but at least one of five, came from a merged system. */
function numberSchools(drafts: readonly Draft[], province: string): SchoolPlan[] {
  const firstMerged = drafts.length - Math.ceil((drafts.length - 4) / 20);
  const wanted = badClasses(drafts);
  return drafts.map((school, index) => ({
    ...school,
    index,
    isMerged: index >= firstMerged,
    number: index >= firstMerged ? index - firstMerged + 1 : index + 1,
    schoolId: school.typeCode.slice(0, 2) + province + String(200_001 + index),
    hasUnmappedClass: wanted.has(index),
  }));
}

function badClasses(drafts: readonly Draft[]): Set<number> {
  const students = drafts.reduce((sum, school) => sum + school.pupils, 0);
  if (defectsPerKind(students) === 0) return new Set();
  const candidates = drafts.flatMap((school, index) =>
    school.fate === "sound" && school.typeCode !== "218" && school.pupils > 300 ? [index] : [],
  );
  const wanted = Math.max(1, Math.round(students / 20_000));
  const at = (n: number): number => candidates[Math.floor(((n + 0.5) * candidates.length) / wanted)] ?? 0;
  return new Set(candidates.length === 0 ? [] : Array.from({ length: wanted }, (_, n) => at(n)));
}

export interface ClassPlan {
  /** Number within its grade, from 1. */
  readonly number: number;
  readonly pupils: number;
  readonly isUnmapped: boolean;
}
export interface GradePlan {
  readonly phase: PhasePlan;
  /** 1 is the lowest grade of the phase. */
  readonly ordinal: number;
  readonly entryYear: number;
  readonly classes: readonly ClassPlan[];
}

const classSize = 45;

/** The grades of one school with their classes; pupils are dealt out evenly. */
export function gradesOf(school: SchoolPlan): GradePlan[] {
  const slots = school.phases.flatMap((phase) =>
    Array.from({ length: phase.grades }, (_, at) => ({ phase, ordinal: at + 1 })),
  );
  return slots.map(({ phase, ordinal }, at) => {
    const pupils = slice(school.pupils, slots.length, at);
    const classes = Math.ceil(pupils / classSize);
    return {
      phase,
      ordinal,
      entryYear: schoolYear - ordinal + 1,
      classes: Array.from({ length: classes }, (_, number) => ({
        number: number + 1,
        pupils: slice(pupils, classes, number),
        isUnmapped: school.hasUnmappedClass && at === 0 && number === 0,
      })),
    };
  });
}

function slice(total: number, parts: number, at: number): number {
  return Math.floor((total * (at + 1)) / parts) - Math.floor((total * at) / parts);
}

function soundPupilsOf(school: SchoolPlan): number {
  if (school.fate !== "sound") return 0;
  const first = school.hasUnmappedClass ? gradesOf(school)[0]?.classes[0] : undefined;
  return school.pupils - (first?.pupils ?? 0);
}
