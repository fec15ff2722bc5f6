import { codeTable } from "../codes.ts";
import type { EntityName } from "../entity.ts";
import { DuijieError } from "../errors.ts";

export type ExampleRow = Readonly<Record<string, string>>;

/**
 * A few invented records, one class with its pupils: what a vendor sees done once. `key`, `county` and `phase` stand
 * beside the contract's fields. Nobody has the document type Z a number for, so none is invented.
 */
export function exampleRows(province: string): Readonly<Record<EntityName, readonly ExampleRow[]>> {
  const county = countyOf(province);
  const region = `${county}000000`;
  const school = `21${province}000001`;
  const place = { county, phase: "2" };
  return {
    region: [
      {
        key: `QH${county}`,
        code: county,
        code12: region,
        nameZh: nameOf(county),
        level: "3",
        parentCode: `${county.slice(0, 4)}00`,
      },
    ],
    school: [{ county, ...schoolRow(school, region) }],
    campus: [{ county, key: "XQ001", schoolId: school, campusNo: "1", name: "本部", addressCode: region }],
    grade: [{ ...place, ...gradeRow(school) }],
    class: [{ ...place, ...classRow(school) }],
    student: ["甲", "乙", "丙"].map((name, at) => ({ ...place, ...studentRow(name, at, school, region) })),
    guardian: [
      { ...place, ...guardianRow("XS001", "1", "51", "家长甲", region) },
      { ...place, ...guardianRow("XS001", "2", "52", "家长乙", region) },
      { ...place, ...guardianRow("XS002", "1", "52", "家长丙", region) },
      { ...place, ...guardianRow("XS003", "1", "51", "家长丁", region) },
    ],
  };
}

/** The first county of the province in force. */
function countyOf(province: string): string {
  const found = codeTable("region").rows.find(({ code = "" }) => {
    return code.startsWith(province) && !code.endsWith("00");
  });
  if (found === undefined) throw new DuijieError("INVARIANT_BROKEN", { what: "no county", province });
  return found["code"] ?? "";
}

function nameOf(county: string): string {
  return codeTable("region").rows.find(({ code }) => code === county)?.["name_zh"] ?? county;
}

function schoolRow(schoolId: string, region: string): ExampleRow {
  return {
    key: "XX001",
    schoolId,
    name: "春风小学",
    schoolTypeCode: "211",
    sponsorCode: "831",
    address: "春风路一号",
    regionCode: region,
    managingAuthorityCode: region,
    urbanRuralCode: "111",
    principalName: "程远山",
    principalPhone: "13900000000",
    primaryYears: "6",
    state: "1",
    validFrom: "20000901",
  };
}

function gradeRow(schoolId: string): ExampleRow {
  return {
    key: "NJ001",
    gradeId: "NJ001",
    schoolId,
    name: "2026级",
    entryYear: "2026",
    phaseCode: "2",
    gradeCode: "11",
    state: "1",
  };
}

function classRow(schoolId: string): ExampleRow {
  return {
    key: "BJ001",
    classId: "BJ001",
    schoolId,
    gradeId: "NJ001",
    classNo: "1",
    name: "一班",
    classTypeCode: "10",
    formedMonth: "202609",
    isValid: "1",
  };
}

function studentRow(name: string, at: number, schoolId: string, region: string): ExampleRow {
  return {
    key: `XS00${at + 1}`,
    schoolId,
    statusCode: "01",
    categoryCode: "21100",
    name: `学童${name}`,
    genderCode: String(1 + (at % 2)),
    birthDate: ["20200405", "20200601", "20191112"][at] ?? "20200405",
    birthRegionCode: region,
    ethnicityCode: ["01", "11", "03"][at] ?? "01",
    nationalityCode: "CHN",
    idDocType: "Z",
    overseasCode: "00",
    healthCode: "10",
    hukouRegionCode: region,
    hukouKindCode: "1",
    gradeId: "NJ001",
    classId: "BJ001",
    enrolledMonth: "202609",
    enrolmentModeCode: "11",
    attendanceModeCode: "1",
    currentAddress: "春风路二号",
    postalAddress: "春风路二号",
    homeAddress: "春风路二号",
    phone: "13900000001",
    postalCode: "230011",
    isOnlyChild: "0",
    hadPreschool: "1",
    leftBehindCode: "0",
    isMigrantChild: "0",
    isOrphan: "0",
    isMartyrChild: "0",
    inclusiveClassCode: "0",
    disabilityCode: "00",
    needsAid: "0",
    hasBoardingSubsidy: "0",
    commuteKm: "1.5",
    transportCode: "1",
    needsSchoolBus: "0",
  };
}

function guardianRow(
  studentKey: string,
  ordinal: string,
  relationshipCode: string,
  name: string,
  region: string,
): ExampleRow {
  return {
    key: `${studentKey}-${ordinal}`,
    studentKey,
    ordinal,
    name,
    relationshipCode,
    currentAddress: "春风路二号",
    phone: "13900000002",
    isGuardian: "1",
    hukouRegionCode: region,
  };
}
