import { isAscii, isUtf8 } from "node:buffer";
import type { Charset } from "../charset.ts";
import { attempt, failure } from "../check-attempt.ts";
import type { CheckFinding, SourceEntity } from "../connector.ts";
import type { ColumnState } from "../used-columns.ts";
import { usedColumns } from "../used-columns.ts";
import { columnCharset, hasText, isMute } from "./column-charset.ts";
import { hasKeyIndex } from "./plan-ranges.ts";
import type { ServerFacts } from "./server-facts.ts";
import type { RawRow, Session } from "./session.ts";
import { columnStates } from "./source-columns.ts";
import { isTimeout } from "./source-error.ts";
import { describeSource, type ShapeColumn, type SourceShape } from "./source-shape.ts";
import { nullKeysStatement, type StatementContext, sampleStatement } from "./statements.ts";

/** Runs one question in a read-only transaction of its own; our errors come out of it. */
export type Ask = <T>(question: (session: Session) => Promise<T>) => Promise<T>;

type Finding = Omit<CheckFinding, "entity">;
type Detail = Record<string, string | number>;

const oldestVersion = { mysql: 50_700, mariadb: 100_200 } as const;
const sampleRows = 500;

/** About the server and the account. Where the server can't be asked there is one finding, and nothing after it. */
export async function checkServer(ask: Ask): Promise<readonly CheckFinding[]> {
  const asked = await attempt("server", () =>
    ask(async (session) => ({ facts: session.facts, grants: await session.rows("SHOW GRANTS") })),
  );
  if ("failure" in asked) return [asked.failure];
  const { facts, grants } = asked.value;
  return [serverFinding(facts), roleFinding(facts, grants)];
}

function serverFinding({ version, versionNumber, flavour, hasReadOnly }: ServerFacts): CheckFinding {
  if (versionNumber < oldestVersion[flavour]) {
    const oldest = "MySQL 5.7, MariaDB 10.2";
    return { ok: false, subject: "server", code: "SOURCE_REFUSED", detail: { version, oldest } };
  }
  const readOnly = warning(hasReadOnly ? null : "no-read-only");
  return { ok: true, subject: "server", detail: { version, ...readOnly } };
}

/** An account with all rights reads well, but nothing then protects the registry from a mistake of ours. */
function roleFinding({ user }: ServerFacts, grants: readonly RawRow[]): CheckFinding {
  const rights = grants.map(([grant]) => grant?.toString("utf8") ?? "");
  const isSuperuser = rights.some((grant) => /^GRANT (?:ALL PRIVILEGES|.*\bSUPER\b).* ON \*\.\*/.test(grant));
  return { ok: true, subject: "role", detail: { role: user, ...warning(isSuperuser ? "superuser" : null) } };
}

/** About one source, each question by itself, so that one answer never hides the next. */
export async function checkSource(
  ask: Ask,
  source: SourceEntity,
  declared: "auto" | Charset,
): Promise<readonly CheckFinding[]> {
  return (await findings(ask, source, declared)).map((finding) => ({ ...finding, entity: source.entity }));
}

async function findings(
  ask: Ask,
  source: SourceEntity,
  declared: "auto" | Charset,
): Promise<readonly Finding[]> {
  const columns = await attempt("table", () => ask((session) => columnStates(session, source)));
  if ("failure" in columns) {
    const { failure } = columns;
    return [failure.code === "SOURCE_REFUSED" ? { ...failure, subject: "right" } : failure];
  }
  const table = await tableFinding(ask, source);
  const named = columnFindings(columns.value, table.detail);
  const shape = await attempt("type", () => ask((session) => describeSource(session, source)));
  if ("failure" in shape) return [table, ...named, ...(named.every(({ ok }) => ok) ? [shape.failure] : [])];
  return [table, ...named, ...(await contentFindings(ask, source, shape.value, columns.value, declared))];
}

async function contentFindings(
  ask: Ask,
  source: SourceEntity,
  shape: SourceShape,
  states: readonly ColumnState[],
  declared: "auto" | Charset,
): Promise<readonly Finding[]> {
  const charset = charsetFinding(shape, declared);
  // Our charset is wrong: said once, in that finding; the other questions are asked of the bytes.
  const readable = charset.ok ? declared : "gb18030";
  const context = { source, shape, declared: readable };
  return [
    charset,
    await keyIndexFinding(ask, context),
    await nullKeysFinding(ask, context, states),
    await sampleFinding(ask, context, charset.ok),
  ];
}

async function tableFinding(ask: Ask, source: SourceEntity): Promise<Finding> {
  if ("query" in source.from) return { ok: true, subject: "table", detail: { kind: "query" } };
  const { relation } = source.from;
  return await Promise.resolve({ ok: true, subject: "table", detail: { table: relation } });
}

function columnFindings(states: readonly ColumnState[], place: CheckFinding["detail"]): readonly Finding[] {
  const table = place["table"] === undefined ? {} : { table: place["table"] };
  const bad = states.flatMap(({ column, exists, isReadable }): Finding[] => {
    const detail = { ...table, column };
    if (!exists) return [{ ok: false, subject: "column", code: "SOURCE_CHANGED", detail }];
    return isReadable ? [] : [{ ok: false, subject: "right", code: "SOURCE_REFUSED", detail }];
  });
  return bad.length > 0
    ? bad
    : [{ ok: true, subject: "column", detail: { ...table, columns: states.length } }];
}

/** The charsets of the columns of text; a failure names the first that says nothing, or nothing that we can read. */
function charsetFinding(shape: SourceShape, declared: "auto" | Charset): Finding {
  const columns = [...shape.columns.values()].filter(({ kind }) => hasText(kind));
  const serverEncoding = [...new Set(columns.map(({ charset }) => charset))].toSorted().join(", ");
  try {
    const charsets = columns.map((column) => columnCharset(column, declared).charset);
    const charset = [...new Set(charsets)].toSorted().join(", ");
    return { ok: true, subject: "charset", detail: { serverEncoding, charset } };
  } catch (error) {
    return failure("charset", error);
  }
}

/** Without an index each range costs a pass over the table: right, but slow. So this warns and does not fail. */
async function keyIndexFinding(ask: Ask, context: StatementContext): Promise<Finding> {
  const key = context.source.key.join(", ");
  const asked = await attempt("key", () => ask((session) => hasKeyIndex(session, context)));
  if ("failure" in asked) return { ...asked.failure, detail: { ...asked.failure.detail, key } };
  const detail = {
    key,
    index: asked.value ? "present" : "missing",
    ...warning(asked.value ? null : "key-index"),
  };
  return { ok: true, subject: "key-index", detail };
}

async function nullKeysFinding(
  ask: Ask,
  context: StatementContext,
  states: readonly ColumnState[],
): Promise<Finding> {
  const key = context.source.key.join(", ");
  const isImpossible = context.source.key.every((name) =>
    states.some(({ column, isNotNull }) => column === name && isNotNull),
  );
  if (isImpossible) return { ok: true, subject: "null-keys", detail: { key, rows: 0 } };
  const count = await attempt("null-keys", () => ask((session) => session.rows(nullKeysStatement(context))));
  if ("failure" in count) return isTimeout(count.failure.detail["errno"]) ? uncounted(key) : count.failure;
  const rows = Number(count.value[0]?.[0]?.toString("latin1"));
  return { ok: true, subject: "null-keys", detail: { key, rows, ...warning(rows > 0 ? "null-keys" : null) } };
}

/** A table too large to be counted in time is no reason not to load it. */
function uncounted(key: string): Finding {
  return { ok: true, subject: "null-keys", detail: { key, rows: "not counted in time" } };
}

/**
 * Do the bytes of the first rows look like the charset? Asked of columns that don't say what they hold, and of those in
 * UTF-8 whether a client that lied stored the bytes of its GBK one by one, as Latin letters (`ÍõÐ¡Ã÷` for 王小明).
 */
async function sampleFinding(ask: Ask, context: StatementContext, isDeclared: boolean): Promise<Finding> {
  const columns = usedColumns(context.source)
    .map((name) => context.shape.columns.get(name))
    .filter((column): column is ShapeColumn => column !== undefined && hasText(column.kind));
  if (columns.length === 0) return { ok: true, subject: "sample", detail: { texts: 0 } };
  const sample = await attempt("sample", () =>
    ask((session) => session.rows(sampleStatement(context, columns, sampleRows))),
  );
  if ("failure" in sample) return sample.failure;
  const mute = columns.map(isMute);
  const bytesOf = (isWanted: boolean) =>
    sample.value.flatMap((row) =>
      row.filter((bytes, at): bytes is Buffer => bytes !== null && mute[at] === isWanted && !isAscii(bytes)),
    );
  return sampled(bytesOf(true), bytesOf(false), context.declared, isDeclared);
}

/** Text in GBK is nearly never good UTF-8, while Chinese text in UTF-8 is nearly always readable as GBK, as nonsense. */
function sampled(
  unknown: readonly Buffer[],
  known: readonly Buffer[],
  declared: "auto" | Charset,
  isDeclared: boolean,
): Finding {
  const doubled = known.filter(isDoubled).length;
  const share = unknown.length === 0 ? 0 : unknown.filter((bytes) => isUtf8(bytes)).length / unknown.length;
  const detail = {
    texts: unknown.length + known.length,
    ...(unknown.length === 0 || isDeclared ? {} : { looksLike: share > 0.9 ? "utf8" : "gb18030" }),
    ...(doubled === 0 ? {} : { encodedTwice: doubled }),
  };
  const isContradicted =
    isDeclared && unknown.length >= 5 && (declared === "utf8" ? share < 0.5 : share > 0.9);
  const isEncodedTwice = known.length >= 5 && doubled / known.length > 0.5;
  if (isContradicted || isEncodedTwice)
    return { ok: false, subject: "sample", code: "SOURCE_CHARSET_WRONG", detail: { ...detail, declared } };
  return { ok: true, subject: "sample", detail };
}

const latinOnly = /^[\0-\xff]*$/;

/** UTF-8 whose characters are all Latin-1 and, taken as bytes, Chinese text in UTF-8 or GBK. */
function isDoubled(bytes: Buffer): boolean {
  const text = bytes.toString("utf8");
  if (!latinOnly.test(text)) return false;
  const inner = Buffer.from(text, "latin1");
  const high = inner.filter((byte) => byte >= 0x80).length;
  return high >= 2 && (isUtf8(inner) || high % 2 === 0);
}

function warning(slug: string | null): Detail {
  return slug === null ? {} : { warning: slug };
}
