/* Written by `npm run generate` from the schema of this entity. Changes here are lost. */

export interface RegionRecord {
  /**
   * 区划代码 · Region code
   */
  code: string | null;
  /**
   * 十二位区划代码 · Twelve-digit region code
   */
  code12: string | null;
  /**
   * 区划名称 · Region name
   */
  nameZh: string | null;
  /**
   * 区划级别 · Level
   */
  level: string | null;
  /**
   * 上级区划代码 · Parent region code
   */
  parentCode: string | null;
  /**
   * 启用年份 · In force from (year)
   */
  effectiveFrom: string | null;
  /**
   * 停用年份 · In force until (year, excluded)
   */
  effectiveTo: string | null;
}

/** Every field in contract order. */
export const fields = [
  "code",
  "code12",
  "nameZh",
  "level",
  "parentCode",
  "effectiveFrom",
  "effectiveTo",
] as const;

/** Where a field stands in an array of values. */
export const i = {
  code: 0,
  code12: 1,
  nameZh: 2,
  level: 3,
  parentCode: 4,
  effectiveFrom: 5,
  effectiveTo: 6,
} as const;
