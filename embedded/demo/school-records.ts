import { placeWords } from "./name-parts.ts";
import { chineseName } from "./person-names.ts";
import { type GradePlan, type PhaseCode, type SchoolPlan } from "./province-plan.ts";
import { phoneNumber, postalCode, type Seat, type Truth, yesNo } from "./pupil.ts";
import type { Region } from "./region-data.ts";
import type { SeededRandom } from "./seeded-random.ts";

export function regionTruth(region: Region): Truth {
  return {
    code: region.code,
    code12: `${region.code}000000`,
    nameZh: region.name,
    level: region.level,
    parentCode: region.parentCode,
    effectiveFrom: region.effectiveFrom,
    effectiveTo: null,
  };
}

const urbanRural = ["111", "121", "210", "220"] as const;

export function schoolTruth(plan: SchoolPlan, random: SeededRandom): Truth {
  const years = (code: PhaseCode): string | null => {
    const phase = plan.phases.find((one) => one.code === code);
    return phase === undefined ? null : String(phase.years);
  };
  const principal = chineseName(random).text;
  return {
    schoolId: plan.schoolId,
    name: plan.name,
    nameEn: random.chance(0.1) ? `School No. ${plan.index + 1}` : null,
    schoolTypeCode: plan.typeCode,
    sponsorCode: plan.isPrivate ? "999" : plan.typeCode === "345" ? "821" : "831",
    ownershipCode: plan.isPrivate ? "12" : "11",
    address: `${plan.county.fullName}${random.pick(placeWords)}路${random.below(300) + 1}号`,
    postalCode: postalCode(plan.county),
    regionCode: plan.county.code12,
    managingAuthorityCode: plan.county.code12,
    urbanRuralCode: plan.typeCode === "218" ? "220" : random.pick(urbanRural),
    regionEconomyCode: random.chance(0.2) ? "1" : "0",
    isEthnicArea: "0",
    foundedMonth: `${1950 + random.below(65)}09`,
    principalName: principal,
    principalPhone: phoneNumber(random),
    phone: phoneNumber(random),
    fax: null,
    email: random.chance(0.5) ? `xuexiao${plan.index + 1}@example.com` : null,
    homepage: random.chance(0.1) ? `http://school${plan.index + 1}.example.com/?a=1&b=2` : null,
    orgCode: null,
    uscc: null,
    legalCertNo: null,
    legalRep: principal,
    primaryYears: years("2"),
    juniorYears: years("3"),
    seniorYears: years("4"),
    primaryEntryAge: years("2") === null ? null : "6",
    juniorEntryAge: years("3") === null ? null : "12",
    mainLanguage: "chi",
    secondLanguage: null,
    isBoarding: yesNo(plan.isBoarding),
    isNutritionSchool: yesNo(plan.typeCode === "218"),
    state: "1",
    validFrom: `${1990 + random.below(30)}0901`,
    validTo: null,
  };
}

export function campusTruth(plan: SchoolPlan, number: number, random: SeededRandom): Truth {
  return {
    schoolId: plan.schoolId,
    campusNo: String(number),
    name: number === 1 ? "本部" : `${random.pick(placeWords)}校区`,
    addressCode: plan.county.code12,
    head: chineseName(random).text,
    phone: random.chance(0.8) ? phoneNumber(random) : null,
  };
}

const gradeDigits = { "2": "1", "3": "2", "4": "3" } as const;

export function gradeTruth(plan: SchoolPlan, grade: GradePlan, key: string): Truth {
  return {
    gradeId: key,
    schoolId: plan.schoolId,
    name: `${grade.entryYear}级`,
    entryYear: String(grade.entryYear),
    phaseCode: grade.phase.code,
    gradeCode: gradeDigits[grade.phase.code] + String(grade.ordinal),
    state: "1",
  };
}

const classTypes = { "2": "10", "3": "20", "4": "40" } as const;

export function classTruth(seat: Seat, random: SeededRandom): Truth {
  const { school, grade } = seat;
  return {
    classId: seat.classKey,
    schoolId: school.schoolId,
    gradeId: seat.gradeKey,
    classNo: String(seat.class.number).padStart(2, "0"),
    name: `${grade.entryYear}级${seat.class.number}班`,
    classTypeCode: school.typeCode === "218" ? "13" : classTypes[grade.phase.code],
    formedMonth: `${grade.entryYear}09`,
    headTeacher: chineseName(random).text,
    isMultiGrade: "0",
    isBilingual: "0",
    isValid: "1",
  };
}
