/* Written by `npm run generate` from the schema of this entity. Changes here are lost. */

export interface CampusRecord {
  /**
   * 学校标识码 · School id
   */
  schoolId: string | null;
  /**
   * 校区号 · Campus number
   */
  campusNo: string | null;
  /**
   * 校区名称 · Campus name
   */
  name: string | null;
  /**
   * 校区地址代码 · Region of the address
   */
  addressCode: string | null;
  /**
   * 校区负责人 · Head of the campus
   */
  head: string | null;
  /**
   * 联系电话 · Phone
   */
  phone: string | null;
}

/** Every field in contract order. */
export const fields = [
  "schoolId",
  "campusNo",
  "name",
  "addressCode",
  "head",
  "phone",
] as const;

/** Where a field stands in an array of values. */
export const i = {
  schoolId: 0,
  campusNo: 1,
  name: 2,
  addressCode: 3,
  head: 4,
  phone: 5,
} as const;
