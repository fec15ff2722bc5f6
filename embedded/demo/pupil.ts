import { type BirthLedger, cohortOf } from "./birth-ledger.ts";
import { checkCharacter, citizenId } from "./citizen-id.ts";
import type { PupilDefect } from "./defects.ts";
import { placeWords, talents } from "./name-parts.ts";
import { chineseName, foreignName, minorityName, type PersonName } from "./person-names.ts";
import type { ClassPlan, GradePlan, SchoolPlan } from "./province-plan.ts";
import type { County, ProvinceRegions } from "./region-data.ts";
import { type SeededRandom, WeightedChoice } from "./seeded-random.ts";
import { StudentTruth } from "./student-truth.ts";

/** One record as the nation must hold it: contract fields in canonical text. */
export type Truth = { readonly [field: string]: string | null };

export interface Seat {
  readonly school: SchoolPlan;
  readonly grade: GradePlan;
  readonly class: ClassPlan;
  readonly gradeKey: string;
  readonly classKey: string;
  /** From 1. */
  readonly seat: number;
}

export interface Pupil {
  readonly seat: Seat;
  /** Running number among the pupils of its key style, from 1. */
  readonly number: number;
  readonly isBoy: boolean;
  readonly truth: StudentTruth;
  /** The county in whose numbers the pupil was first registered. */
  readonly home: County;
  readonly defect: PupilDefect | null;
  /** 0–999: which oddities of writing (full-width digits, blanks) this pupil's rows show. */
  readonly quirk: number;
}

/** What one pupil is made from. */
export interface PupilSource {
  readonly seat: Seat;
  readonly number: number;
  readonly defect: PupilDefect | null;
  readonly home: County;
  readonly renamed: ProvinceRegions["renamed"];
  readonly name: PersonName | null;
}

const ethnicities = new WeightedChoice<string>([
  ["01", 9500],
  ["03", 300],
  ["06", 40],
  ["08", 40],
  ["11", 40],
  ["15", 30],
  ["22", 30],
  ["02", 10],
  ["97", 2],
]);
const healths = new WeightedChoice<string>([
  ["10", 9600],
  ["20", 300],
  ["30", 60],
]);
const disabilities = new WeightedChoice<readonly [disability: string, inclusive: string]>([
  [["00", "0"], 9930],
  [["61", "1"], 10],
  [["62", "2"], 10],
  [["63", "9"], 10],
  [["64", "9"], 15],
  [["65", "3"], 20],
  [["69", "9"], 5],
]);
const transports = new WeightedChoice<string>([
  ["1", 40],
  ["2", 15],
  ["3", 15],
  ["4", 20],
  ["5", 8],
  ["9", 2],
]);
const categories = { "2": "21100", "3": "31100", "4": "32100" } as const;

/** Makes a pupil from random draws in a fixed order; every value fulfils the contract and its rules. */
export function makePupil(source: PupilSource, births: BirthLedger, random: SeededRandom): Pupil {
  const { seat, number, home, defect } = source;
  const truth = new StudentTruth();
  truth.schoolId = seat.school.schoolId;
  truth.gradeId = seat.gradeKey;
  truth.classId = seat.classKey;
  const isBoy = random.chance(0.52);
  fillIdentity(truth, source, isBoy, births, random);
  fillRegistration(truth, seat, random);
  fillContact(truth, seat, random);
  fillFamily(truth, random);
  fillCare(truth, seat, random);
  truth.nativePlace = home.nativePlace || home.fullName;
  truth.birthRegionCode = random.chance(0.01) ? birthPlaceOf(source) : home.code12;
  truth.hukouRegionCode = home.code12;
  truth.hukouKindCode = random.chance(0.55) ? "1" : "2";
  truth.auxiliaryNumber = `F${seat.school.isMerged ? "B" : "A"}${String(number).padStart(9, "0")}`;
  return { seat, number, isBoy, truth, home, defect, quirk: random.below(1000) };
}

/** A birth place keeps the code of its time, also an abolished one. */
function birthPlaceOf({ home, renamed }: PupilSource): string {
  const old = renamed.find((one) => one.newCode === home.code) ?? renamed[0];
  return old === undefined ? home.code12 : `${old.oldCode}000000`;
}

function fillIdentity(
  truth: StudentTruth,
  source: PupilSource,
  isBoy: boolean,
  births: BirthLedger,
  random: SeededRandom,
): void {
  const { seat, home } = source;
  const cohort = cohortOf(seat.grade.phase.code, seat.grade.entryYear, isFiveFour(seat));
  const birth = births.take(home.code, cohort, isBoy);
  const body = citizenId(home.code, birth.date, birth.sequence);
  const kind = source.defect === null && source.name === null ? documentKind(random) : "citizen";
  const ethnicityCode = kind === "citizen" ? ethnicities.pick(random) : "01";
  const name = source.name ?? drawName(kind, ethnicityCode, random);
  truth.name = name.text;
  truth.namePinyin = name.pinyin;
  truth.formerName = random.chance(0.01) ? chineseName(random).text : null;
  truth.genderCode = isBoy ? "1" : "2";
  truth.birthDate = birth.date;
  truth.ethnicityCode = ethnicityCode;
  truth.politicalCode = seat.grade.phase.code === "4" && random.chance(0.5) ? "03" : "13";
  truth.idValidPeriod = kind === "citizen" && random.chance(0.2) ? validPeriod(birth.date) : null;
  fillDocument(truth, kind, body, source.number);
  truth.studentNumber = studentNumber(kind, body, seat, birth.date, source.number);
}

function drawName(kind: DocumentKind, ethnicityCode: string, random: SeededRandom): PersonName {
  if (kind === "foreign") return foreignName(random);
  return ethnicityCode !== "01" && random.chance(0.3) ? minorityName(random) : chineseName(random);
}

type DocumentKind = "citizen" | "none" | "taiwan" | "foreign";

function documentKind(random: SeededRandom): DocumentKind {
  const draw = random.below(2000);
  return draw < 1985 ? "citizen" : draw < 1995 ? "none" : draw < 1998 ? "taiwan" : "foreign";
}

const documents = {
  citizen: { type: "1", nationality: "CHN", overseas: "00" },
  none: { type: "Z", nationality: "CHN", overseas: "00" },
  taiwan: { type: "8", nationality: "TWN", overseas: "05" },
  foreign: { type: "A", nationality: "KOR", overseas: "51" },
} as const;

function fillDocument(truth: StudentTruth, kind: DocumentKind, id: string, number: number): void {
  const digits = String(number % 100_000_000).padStart(8, "0");
  const document = documents[kind];
  truth.idDocType = document.type;
  truth.nationalityCode = document.nationality;
  truth.overseasCode = document.overseas;
  if (kind === "citizen") truth.idDocNo = id;
  else if (kind === "taiwan") truth.idDocNo = digits;
  else if (kind === "foreign") truth.idDocNo = `QX${digits}`;
}

/** First-graders hold a temporary L number, pupils without a citizen ID a J number, all others G and their ID. */
function studentNumber(
  kind: DocumentKind,
  id: string,
  seat: Seat,
  birthDate: string,
  number: number,
): string {
  if (kind !== "citizen") return `J${id.slice(0, 17)}${checkCharacter(id)}`;
  if (seat.grade.phase.code !== "2" || seat.grade.ordinal > 1) return `G${id}`;
  return `L${seat.school.county.code}${birthDate}${String(number % 10_000).padStart(4, "0")}`;
}

function validPeriod(birthDate: string): string {
  const year = Math.max(Number(birthDate.slice(0, 4)) + 8, 2020);
  return `${year}.06.01-${year + 5}.06.01`;
}

function fillRegistration(truth: StudentTruth, seat: Seat, random: SeededRandom): void {
  const phase = seat.grade.phase.code;
  const draw = random.below(100);
  const compulsory = draw < 97 ? "11" : "12";
  const senior = draw < 94 ? "21" : draw < 96 ? "22" : draw < 98 ? "23" : "99";
  truth.statusCode = random.chance(0.995) ? "01" : "02";
  truth.categoryCode = categories[phase];
  truth.classSeatNo = String(seat.seat).padStart(2, "0");
  truth.enrolledMonth = `${seat.grade.entryYear}09`;
  truth.enrolmentModeCode = phase === "4" ? senior : compulsory;
  truth.studentSourceCode = random.chance(0.96) ? "1" : "2";
  truth.talent = random.chance(0.1) ? random.pick(talents) : null;
}

function fillContact(truth: StudentTruth, seat: Seat, random: SeededRandom): void {
  const address = addressIn(seat.school.county, random);
  truth.currentAddress = address;
  truth.postalAddress = random.chance(0.9) ? address : addressIn(seat.school.county, random);
  truth.homeAddress = address;
  truth.phone = phoneNumber(random);
  truth.postalCode = postalCode(seat.school.county);
  truth.email = random.chance(0.02) ? `jiazhang${random.below(1_000_000)}@example.com` : null;
}

function fillFamily(truth: StudentTruth, random: SeededRandom): void {
  const leftBehind = random.below(100);
  truth.isOnlyChild = yesNo(random.chance(0.4));
  truth.hadPreschool = yesNo(random.chance(0.95));
  truth.leftBehindCode = leftBehind < 88 ? "0" : leftBehind < 96 ? "1" : "2";
  truth.isMigrantChild = yesNo(leftBehind < 88 && random.chance(0.08));
  truth.isOrphan = yesNo(random.chance(0.001));
  truth.isMartyrChild = yesNo(random.chance(0.0005));
}

function fillCare(truth: StudentTruth, seat: Seat, random: SeededRandom): void {
  const [disabilityCode, inclusiveClassCode] = disabilities.pick(random);
  const transportCode = transports.pick(random);
  const isBoarder = seat.school.isBoarding && random.chance(0.6);
  truth.attendanceModeCode = isBoarder ? "2" : "1";
  truth.healthCode = disabilityCode === "00" ? healths.pick(random) : "50";
  truth.disabilityCode = disabilityCode;
  truth.inclusiveClassCode = inclusiveClassCode;
  truth.isPurchasedPlace = seat.school.isPrivate ? yesNo(random.chance(0.3)) : null;
  truth.needsAid = yesNo(random.chance(0.05));
  truth.hasBoardingSubsidy = yesNo(isBoarder && random.chance(0.1));
  truth.commuteKm = `${random.below(12)}.${random.below(10)}`;
  truth.transportCode = transportCode;
  truth.needsSchoolBus = yesNo(transportCode === "5");
}

export function yesNo(value: boolean): "0" | "1" {
  return value ? "1" : "0";
}

/** Quotes, backslashes and full-width signs stand in real addresses; they try every escaping on the way. */
export function addressIn(county: County, random: SeededRandom): string {
  const street = `${county.fullName}${random.pick(placeWords)}路${random.below(300) + 1}号`;
  if (random.chance(0.01)) return `${street}"东苑"${random.below(20) + 1}\\${random.below(30) + 1}单元`;
  return random.chance(0.4)
    ? `${street}${random.below(30) + 1}栋${random.below(9) + 1}0${random.below(4) + 1}室`
    : street;
}

/** Numbers from a range that no operator gives out. */
export function phoneNumber(random: SeededRandom): string {
  if (random.chance(0.05)) return `0550-${2_000_000 + random.below(1_000_000)}`;
  return `10${String(random.below(1_000_000_000)).padStart(9, "0")}`;
}

export function postalCode(county: County): string {
  return `${county.code.slice(0, 4)}00`.replace(/^34/, "23");
}

function isFiveFour(seat: Seat): boolean {
  return seat.school.phases.some(
    (phase) => (phase.code === "2" && phase.years === 5) || (phase.code === "3" && phase.years === 4),
  );
}
