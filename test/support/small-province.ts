import pg from "pg";
import { type EntityName, entityNames } from "../../contracts/entity.ts";
import { entityContract } from "../../contracts/registry.ts";

/** A test file's own province: topics are named by it, so two files that share a Kafka must not share one. */
export type ProvinceCode =
  | "33"
  | "34"
  | "35"
  | "36"
  | "37"
  | "41"
  | "42"
  | "43"
  | "44"
  | "45"
  | "52"
  | "53"
  | "62"
  | "63"
  | "65";

export const countyOf = (province: ProvinceCode) => `${province}0102`;
export const schoolIdsOf = (province: ProvinceCode) =>
  [`21${province}000001`, `21${province}000002`] as const;

export type Row = Record<string, string | null>;

/** Rows per entity, all of which fulfil contract and profile; no document number is needed, so none is invented. */
export function smallProvince(province: ProvinceCode, students: number): Record<EntityName, Row[]> {
  const county = `${countyOf(province)}000000`;
  const schoolIds = schoolIdsOf(province);
  const numbers = Array.from({ length: students }, (_, index) => index);
  return {
    region: [regionRow(province)],
    school: schoolIds.map((schoolId) => schoolRow(schoolId, county)),
    campus: [],
    grade: schoolIds.map(gradeRow),
    class: schoolIds.map(classRow),
    student: numbers.map((index) => studentRow(index, schoolIds[index % 2] ?? schoolIds[0], county)),
    guardian: numbers.flatMap((index) => [guardianRow(index, "1", county), guardianRow(index, "2", county)]),
  };
}

function regionRow(province: ProvinceCode): Row {
  const code = countyOf(province);
  return {
    key: "r1",
    code,
    code12: `${code}000000`,
    nameZh: "城中区",
    level: "3",
    parentCode: `${province}0100`,
  };
}

function schoolRow(schoolId: string, county: string): Row {
  return {
    key: `s${schoolId}`,
    schoolId,
    name: `第${schoolId}小学`,
    schoolTypeCode: "211",
    sponsorCode: "831",
    address: "春风路一号",
    regionCode: county,
    managingAuthorityCode: county,
    urbanRuralCode: "111",
    principalName: "程远山",
    principalPhone: "13900000000",
    primaryYears: "6",
    state: "1",
    validFrom: "20000901",
  };
}

function gradeRow(schoolId: string): Row {
  return {
    key: `g${schoolId}`,
    gradeId: `g${schoolId}`,
    schoolId,
    name: "2019级",
    entryYear: "2019",
    phaseCode: "2",
    gradeCode: "12",
    state: "1",
  };
}

function classRow(schoolId: string): Row {
  return {
    key: `c${schoolId}`,
    classId: `c${schoolId}`,
    schoolId,
    gradeId: `g${schoolId}`,
    classNo: "1",
    name: "一班",
    classTypeCode: "10",
    isValid: "1",
  };
}

/** Document type Z: the number may be blank. */
function studentRow(index: number, schoolId: string, county: string): Row {
  return {
    key: `p${String(index).padStart(6, "0")}`,
    schoolId,
    statusCode: "01",
    categoryCode: "21100",
    name: `学童${index}`,
    genderCode: String(1 + (index % 2)),
    birthDate: "20130405",
    birthRegionCode: county,
    ethnicityCode: "01",
    nationalityCode: "CHN",
    idDocType: "Z",
    overseasCode: "00",
    healthCode: "10",
    hukouRegionCode: county,
    hukouKindCode: "1",
    gradeId: `g${schoolId}`,
    classId: `c${schoolId}`,
    enrolledMonth: "201909",
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

function guardianRow(index: number, ordinal: "1" | "2", county: string): Row {
  return {
    key: `p${String(index).padStart(6, "0")}-${ordinal}`,
    studentKey: `p${String(index).padStart(6, "0")}`,
    ordinal,
    name: `家长${index}`,
    relationshipCode: ordinal === "1" ? "51" : "52",
    currentAddress: "春风路二号",
    phone: "13900000002",
    isGuardian: "1",
    hukouRegionCode: county,
  };
}

/** Creates schema `own` with one table per entity: `source_key`, `county` and each contract column, all text. */
export async function fillRegistry(url: string, rows: Record<EntityName, Row[]>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("CREATE SCHEMA own");
    for (const entity of entityNames) await fillTable(client, entity, rows[entity]);
  } finally {
    await client.end();
  }
}

async function fillTable(client: pg.Client, entity: EntityName, rows: readonly Row[]): Promise<void> {
  const { fields, table } = entityContract(entity);
  const columns = fields.map((field) => `${field.column} text`).join(", ");
  await client.query(`CREATE TABLE own.${table} (source_key text, own_county text, ${columns})`);
  await client.query(`CREATE INDEX ON own.${table} (source_key)`);
  const names = fields.map((field) => field.name);
  const values = rows.map((row) => [
    row["key"] ?? null,
    row["county"] ?? "county",
    ...names.map((name) => row[name] ?? null),
  ]);
  await client.query(
    `INSERT INTO own.${table} SELECT ${["source_key", "own_county", ...fields.map((field) => field.column)]
      .map((_, index) => `row ->> ${index}`)
      .join(", ")} FROM jsonb_array_elements($1::jsonb) AS r(row)`,
    [JSON.stringify(values)],
  );
}
