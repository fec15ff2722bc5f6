import { isAscii, isUtf8 } from "node:buffer";
import { DuijieError } from "../../contracts/errors.ts";
import type { Charset } from "../charset.ts";
import { attempt, failure } from "../check-attempt.ts";
import type { CheckFinding, SourceEntity } from "../connector.ts";
import type { ColumnState } from "../used-columns.ts";
import { type ServerCharset, serverCharset } from "./server-charset.ts";
import type { ServerFacts, Session } from "./session.ts";
import { columnStates } from "./source-columns.ts";
import { describeSource, findRelation, usedColumns } from "./source-shape.ts";
import { keyOrderExplain, nullKeysStatement, type StatementContext, sampleStatement } from "./statements.ts";

/** Runs one question in a read-only transaction of its own; our errors come out of it. */
export type Ask = <T>(question: (session: Session) => Promise<T>) => Promise<T>;

/** Raw fields of a COPY statement, bytes as Latin-1 characters. */
export type CopyBytes = (statement: string, fieldCount: number) => Promise<readonly (string | null)[]>;

type Finding = Omit<CheckFinding, "entity">;
type Detail = Record<string, string | number>;

const oldestVersion = 100_000;
const sampleRows = 500;

/** About the server, the role and the charset. Where the server can't be asked there is one finding, and nothing after it. */
export async function checkServer(ask: Ask, declared: "auto" | Charset): Promise<readonly CheckFinding[]> {
  const facts = await attempt("server", () => ask((session) => Promise.resolve(session.facts)));
  if ("failure" in facts) return [facts.failure];
  return [
    serverFinding(facts.value),
    roleFinding(facts.value),
    charsetFinding(facts.value.encoding, declared),
  ];
}

function serverFinding({ version, versionNumber }: ServerFacts): CheckFinding {
  if (versionNumber >= oldestVersion) return { ok: true, subject: "server", detail: { version } };
  return { ok: false, subject: "server", code: "SOURCE_REFUSED", detail: { version, oldest: "10" } };
}

/** A superuser reads well, but nothing then protects the registry from a mistake of ours. */
function roleFinding({ user, isSuperuser }: ServerFacts): CheckFinding {
  return { ok: true, subject: "role", detail: { role: user, ...warning(isSuperuser ? "superuser" : null) } };
}

function charsetFinding(encoding: string, declared: "auto" | Charset): CheckFinding {
  try {
    const { charset } = serverCharset(encoding, declared);
    return { ok: true, subject: "charset", detail: { serverEncoding: encoding, charset } };
  } catch (error) {
    return failure("charset", error);
  }
}

/** About one source, each question by itself, so that one answer never hides the next. */
export async function checkSource(
  ask: Ask,
  copyBytes: (session: Session) => CopyBytes,
  source: SourceEntity,
  declared: "auto" | Charset,
): Promise<readonly CheckFinding[]> {
  const findings: Finding[] = [];
  const table = await attempt("table", () => ask((session) => tableDetail(session, source)));
  if ("failure" in table) return [{ ...table.failure, entity: source.entity }];
  findings.push({ ok: true, subject: "table", detail: table.value });

  const columns = await attempt("column", () => ask((session) => columnStates(session, source)));
  if ("failure" in columns) findings.push(columns.failure);
  else findings.push(...columnFindings(columns.value, table.value));

  const shape = await attempt("type", () =>
    ask(async (session) => contextOf(session, source, await describeSource(session, source), declared)),
  );
  if ("failure" in shape) {
    if (findings.every(({ ok }) => ok)) findings.push(shape.failure);
    return findings.map((finding) => ({ ...finding, entity: source.entity }));
  }
  const states = "failure" in columns ? [] : columns.value;
  findings.push(await keyIndexFinding(ask, shape.value));
  findings.push(await nullKeysFinding(ask, shape.value, states));
  findings.push(await sampleFinding(ask, copyBytes, shape.value, declared));
  return findings.map((finding) => ({ ...finding, entity: source.entity }));
}

/** Our charset is wrong: say so once, in the server's finding, and read on as bytes. */
function contextOf(
  session: Session,
  source: SourceEntity,
  shape: StatementContext["shape"],
  declared: "auto" | Charset,
): StatementContext {
  return {
    source,
    shape,
    charset: charsetOrBytes(session.facts.encoding, declared),
    versionNumber: session.facts.versionNumber,
  };
}

function charsetOrBytes(encoding: string, declared: "auto" | Charset): ServerCharset {
  const found = charsetFinding(encoding, declared);
  return found.ok
    ? serverCharset(encoding, declared)
    : { charset: "gb18030", serverEncoding: encoding, isUnicode: false };
}

async function tableDetail(session: Session, source: SourceEntity): Promise<Detail> {
  if ("query" in source.from) return { kind: "query" };
  const { relation } = source.from;
  const found = await findRelation(session, relation);
  if (found === null) throw new DuijieError("SOURCE_CHANGED", { table: relation });
  const rows = await session.rows(
    "SELECT greatest(reltuples, 0)::bigint::text, row_security_active(oid)::text FROM pg_catalog.pg_class WHERE oid = $1::oid",
    [found.oid],
  );
  const [rowsEstimated, hidesRows] = rows[0] ?? [];
  // Row security would hide rows in silence; the count of the load would agree with itself and be short.
  const hidden = warning(hidesRows === "true" ? "row-security" : null);
  return {
    table: `${found.schema}.${found.name}`,
    kind: relationKind(found.kind),
    rowsEstimated: Number(rowsEstimated),
    ...hidden,
  };
}

function relationKind(kind: string): string {
  if (kind === "v") return "view";
  if (kind === "m") return "materialized-view";
  return kind === "f" ? "foreign-table" : "table";
}

function columnFindings(states: readonly ColumnState[], place: Detail): readonly Finding[] {
  const table = place.table === undefined ? {} : { table: place.table };
  const bad = states.flatMap(({ column, exists, isReadable }): Finding[] => {
    if (!exists)
      return [{ ok: false, subject: "column", code: "SOURCE_CHANGED", detail: { ...table, column } }];
    if (isReadable) return [];
    return [{ ok: false, subject: "right", code: "SOURCE_REFUSED", detail: { ...table, column } }];
  });
  return bad.length > 0
    ? bad
    : [{ ok: true, subject: "column", detail: { ...table, columns: states.length } }];
}

/** Without an index each range costs a pass over the table: right, but slow. So this warns and does not fail. */
async function keyIndexFinding(ask: Ask, context: StatementContext): Promise<Finding> {
  const key = context.source.key.join(", ");
  const plan = await attempt("key", () =>
    ask(async (session) => {
      await session.rows("SELECT set_config('enable_sort', 'off', true)");
      return (await session.rows(keyOrderExplain(context))).flat().join("\n");
    }),
  );
  if ("failure" in plan) return { ...plan.failure, detail: { ...plan.failure.detail, key } };
  const isMissing = /"Node Type": "(Incremental )?Sort"/.test(plan.value);
  const detail = {
    key,
    index: isMissing ? "missing" : "present",
    ...warning(isMissing ? "key-index" : null),
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
  if ("failure" in count) return isTimeout(count.failure) ? uncounted(key) : count.failure;
  const rows = Number(count.value[0]?.[0]);
  return { ok: true, subject: "null-keys", detail: { key, rows, ...warning(rows > 0 ? "null-keys" : null) } };
}

/**
 * Do the bytes of the first rows look like the charset? Chinese text in UTF-8 is nearly always readable as GBK too, as
 * nonsense; text in GBK is nearly never good UTF-8. So "all good UTF-8" under a declared GBK is a wrong declaration.
 */
async function sampleFinding(
  ask: Ask,
  copyBytes: (session: Session) => CopyBytes,
  context: StatementContext,
  declared: "auto" | Charset,
): Promise<Finding> {
  const { charset, serverEncoding } = context.charset;
  if (context.charset.isUnicode) return { ok: true, subject: "sample", detail: { charset } };
  const fieldCount = usedColumns(context.source).length;
  const sample = await attempt("sample", () =>
    ask((session) => copyBytes(session)(sampleStatement(context, sampleRows), fieldCount)),
  );
  if ("failure" in sample) return sample.failure;
  const texts = sample.value.flatMap((field) => (field === null ? [] : [Buffer.from(field, "latin1")]));
  const beyondAscii = texts.filter((bytes) => !isAscii(bytes));
  const asUtf8 = beyondAscii.filter((bytes) => isUtf8(bytes)).length;
  const detail = { charset, serverEncoding, texts: beyondAscii.length, readableAsUtf8: asUtf8 };
  const share = beyondAscii.length === 0 ? 0 : asUtf8 / beyondAscii.length;
  if (!charsetFinding(serverEncoding, declared).ok) {
    // The charset's own finding has failed already; what the bytes look like is the way out of it.
    const looksLike = share > 0.9 ? "utf8" : "gb18030";
    const seen = beyondAscii.length === 0 ? {} : { looksLike };
    return { ok: true, subject: "sample", detail: { serverEncoding, texts: beyondAscii.length, ...seen } };
  }
  const isContradicted = beyondAscii.length >= 5 && (charset === "utf8" ? share < 0.5 : share > 0.9);
  if (isContradicted) return { ok: false, subject: "sample", code: "SOURCE_CHARSET_WRONG", detail };
  return { ok: true, subject: "sample", detail };
}

function isTimeout({ detail }: Finding): boolean {
  return detail["sqlState"] === "57014";
}

/** A table too large to be counted in time is no reason not to load it. */
function uncounted(key: string): Finding {
  return { ok: true, subject: "null-keys", detail: { key, rows: "not counted in time" } };
}

function warning(slug: string | null): Detail {
  return slug === null ? {} : { warning: slug };
}
