import type { PortableTables } from "./registry-shape.ts";

/**
 * The demo province's legacy registry: pinyin names, text keys, no unique constraint anywhere, dates as text in most
 * places. The county (`xzqhm`) and the phase (`xd`) stand in every table, as old systems repeat them.
 */
export const xuejiSchema = "xueji";

export const xuejiColumns = {
  xzqh: [
    "xzqhdm varchar(6)",
    "tjdm varchar(12)",
    "xzqhmc varchar(60)",
    "jb varchar(1)",
    "sjdm varchar(6)",
    "qsnf varchar(4)",
  ],
  xx_jbxx: [
    "xx_id varchar(16)",
    "xxmc varchar(120)",
    "xxywmc varchar(180)",
    "bxlx varchar(2)",
    "jbz varchar(2)",
    "bb varchar(2)",
    "xxdz varchar(200)",
    "yzbm varchar(6)",
    "xzqhm varchar(6)",
    "zgbm varchar(6)",
    "cxlx varchar(2)",
    "jjsx varchar(1)",
    "mzsx varchar(4)",
    "jxny varchar(10)",
    "xzxm varchar(60)",
    "xzsj varchar(30)",
    "lxdh varchar(30)",
    "dzyx varchar(60)",
    "zy varchar(60)",
    "fddbr varchar(60)",
    "xxxz smallint",
    "czxz smallint",
    "gzxz smallint",
    "xxrxnl smallint",
    "czrxnl smallint",
    "sfjs varchar(4)",
    "sfyy varchar(4)",
    "zt varchar(1)",
    "sxrq date",
  ],
  xq_jbxx: [
    "xq_id varchar(16)",
    "xx_id varchar(16)",
    "xzqhm varchar(6)",
    "xqh varchar(4)",
    "xqmc varchar(60)",
    "fzr varchar(60)",
    "lxdh varchar(30)",
  ],
  nj_jbxx: [
    "nj_id varchar(16)",
    "xx_id varchar(16)",
    "xzqhm varchar(6)",
    "xd varchar(1)",
    "njmc varchar(40)",
    "rxnf varchar(4)",
    "njdm varchar(2)",
    "zt varchar(1)",
  ],
  bj_jbxx: [
    "bj_id varchar(16)",
    "xx_id varchar(16)",
    "nj_id varchar(16)",
    "xzqhm varchar(6)",
    "xd varchar(1)",
    "bh varchar(4)",
    "bjmc varchar(40)",
    "bjlx varchar(2)",
    "jbny varchar(10)",
    "bzr varchar(60)",
    "sffs varchar(4)",
    "sfsy varchar(4)",
    "yxbz varchar(4)",
  ],
  xs_jbxx: [
    "xs_id varchar(16)",
    "xx_id varchar(16)",
    "nj_id varchar(16)",
    "bj_id varchar(16)",
    "xzqhm varchar(6)",
    "xd varchar(1)",
    "xjh varchar(30)",
    "xszt varchar(2)",
    "xslb varchar(2)",
    "xm varchar(200)",
    "xb varchar(1)",
    "csrq varchar(20)",
    "csd varchar(16)",
    "jg varchar(60)",
    "mz varchar(2)",
    "gj varchar(3)",
    "zjlx varchar(2)",
    "sfzh varchar(40)",
    "gatq varchar(2)",
    "zzmm varchar(2)",
    "jk varchar(2)",
    "xmpy varchar(120)",
    "cym varchar(60)",
    "zjyxq varchar(30)",
    "hkszd varchar(16)",
    "hkxz varchar(1)",
    "tc varchar(100)",
    "xjfh varchar(30)",
    "bnxh varchar(10)",
    "rxny varchar(10)",
    "rxfs varchar(2)",
    "jdfs varchar(1)",
    "xsly varchar(1)",
    "xzz varchar(200)",
    "txdz varchar(200)",
    "jtzz varchar(200)",
    "lxdh varchar(30)",
    "yzbm varchar(6)",
    "dzyx varchar(60)",
    "sfds varchar(4)",
    "sfxqjy varchar(4)",
    "lset varchar(1)",
    "sfsq varchar(4)",
    "sfge varchar(4)",
    "sfly varchar(4)",
    "sbjd varchar(1)",
    "cjlb varchar(1)",
    "sfgm varchar(4)",
    "sfzz varchar(4)",
    "sfyb varchar(4)",
    "sxjl numeric(5,1)",
    "jtfs varchar(1)",
    "sfxc varchar(4)",
  ],
  jz_jbxx: [
    "xs_id varchar(16)",
    "xh varchar(1)",
    "xzqhm varchar(6)",
    "xd varchar(1)",
    "xm varchar(60)",
    "gx varchar(20)",
    "gxsm varchar(60)",
    "mz varchar(2)",
    "gzdw varchar(100)",
    "xzz varchar(200)",
    "hkszd varchar(16)",
    "lxdh varchar(30)",
    "sfjhr varchar(4)",
    "zjlx varchar(2)",
    "sfzh varchar(40)",
    "zw varchar(60)",
  ],
} as const;

export type XuejiTable = keyof typeof xuejiColumns;

export const xuejiTables = Object.entries(xuejiColumns).map(([table, columns]) => ({
  name: table,
  columns: columns.map(columnName),
}));

export const xuejiDdl = [
  `DROP SCHEMA IF EXISTS ${xuejiSchema} CASCADE`,
  `CREATE SCHEMA ${xuejiSchema}`,
  ...Object.entries(xuejiColumns).map(
    ([table, columns]) => `CREATE TABLE ${xuejiSchema}.${table} (${columns.join(", ")})`,
  ),
];

/**
 * Indexes without uniqueness: the old system never had it, and so keys come twice or not at all. By key, and by what a clerk
 * looks people up with: school, class, document number.
 */
const indexes: readonly (readonly [table: string, columns: string])[] = [
  ["xzqh", "xzqhdm"],
  ["xx_jbxx", "xx_id"],
  ["xq_jbxx", "xq_id"],
  ["nj_jbxx", "nj_id"],
  ["bj_jbxx", "bj_id"],
  ["xs_jbxx", "xs_id"],
  ["xs_jbxx", "xx_id"],
  ["xs_jbxx", "bj_id"],
  ["xs_jbxx", "sfzh"],
  ["jz_jbxx", "xs_id, xh"],
  ["jz_jbxx", "sfzh"],
];

export const xuejiAfterwards = [
  ...indexes.map(([table, columns]) => `CREATE INDEX ON ${xuejiSchema}.${table} (${columns})`),
  ...Object.keys(xuejiColumns).map((table) => `ANALYZE ${xuejiSchema}.${table}`),
];

/** For databases other than PostgreSQL. */
export const xuejiPortable: PortableTables = { columns: xuejiColumns, indexes };

function columnName(definition: string): string {
  return definition.slice(0, definition.indexOf(" "));
}
