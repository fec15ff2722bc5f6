import { formZh } from "../ddl.ts";
import { type EntityName, entityNames } from "../entity.ts";
import { entityContract, type FieldContract } from "../entity-contract.ts";

/** Tables and views by which a vendor shows its own system to us, in its own database: one an entity, all values as text. */
export const interfaceEngines = ["postgres", "mysql", "mssql", "oracle"] as const;
export type InterfaceEngine = (typeof interfaceEngines)[number];

/** The schema (of MySQL the database, of Oracle the user) that the scripts name. */
export const interfaceSchema = "duijie";

/** `words` may hold any character of a name; `codes` are short and of few kinds. */
export type ColumnKind = "key" | "codes" | "words";

export interface InterfaceColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Characters that the column takes: more than the contract allows, so that what is too long can be shown. */
  readonly room: number;
  readonly commentZh: string;
  /** Null for the key and for what a row says besides its values. */
  readonly field: FieldContract | null;
}

/** Keys of others name rows by it, so both are of one width: what the contract of a guardian allows. */
const keyRoom = 200;
const codeRoom = 32;

export function interfaceTable(entity: EntityName): string {
  return `dj_${entity}`;
}

/** The key, county and phase, then the contract's fields in their order. */
export function interfaceColumns(
  entity: EntityName,
  required: readonly string[],
): readonly InterfaceColumn[] {
  const { fields, identifier } = entityContract(entity);
  const named = isReferredTo(entity) ? identifier : null;
  return [
    ...bookkeeping,
    ...fields.map((field) => fieldColumn(field, required.includes(field.name), field.name === named)),
  ];
}

/** Whether rows of another entity name rows of this one. */
function isReferredTo(entity: EntityName): boolean {
  return entityNames.some((one) => entityContract(one).fields.some(({ ref }) => ref === entity));
}

const bookkeeping: readonly InterfaceColumn[] = [
  {
    name: "source_key",
    kind: "key",
    room: keyRoom,
    commentZh: "主键；必填；永远不变、不重用、不重复，不要用证件号码",
    field: null,
  },
  { name: "county", kind: "codes", room: codeRoom, commentZh: "所属区县，用本系统自己的代码", field: null },
  { name: "phase", kind: "codes", room: codeRoom, commentZh: "所属学段，用本系统自己的代码", field: null },
];

function fieldColumn(field: FieldContract, isRequired: boolean, isIdentifier: boolean): InterfaceColumn {
  const limit = field.maxLength === undefined ? "" : `；最长 ${field.maxLength} 个字符`;
  const kind = isIdentifier ? "key" : kindOf(field);
  return {
    name: field.column,
    kind,
    room: kind === "key" ? keyRoom : Math.max(codeRoom, (field.maxLength ?? 0) * 2),
    commentZh: `${field.titleZh}${formZh(field)}${isRequired ? "；必填" : ""}${limit}`,
    field,
  };
}

function kindOf({ codeTable, pattern, type }: FieldContract): ColumnKind {
  if (type === "ref") return "key";
  return type === "text" && codeTable === undefined && pattern === undefined ? "words" : "codes";
}

/** Columns by which rows are looked up: those that name a parent, and the identifier that others name. */
export function lookedUpColumns(entity: EntityName): readonly string[] {
  const { fields, identifier, parents } = entityContract(entity);
  const names = new Set([...parents.map(({ field }) => field), ...(identifier === null ? [] : [identifier])]);
  return fields.filter(({ name }) => names.has(name)).map(({ column }) => column);
}
