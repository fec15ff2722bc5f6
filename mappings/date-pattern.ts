import { isDate, isMonth } from "../contracts/value-check.ts";

/** A part of a pattern: digits of one meaning, or a text that has to stand there. */
interface Part {
  readonly kind: "year" | "month" | "day" | "zero" | "literal";
  readonly text: string;
  /** Digits allowed. */
  readonly min: number;
  readonly max: number;
}

const tokens = /YYYY|MM?|DD?|HH|mm|ss|S+|[^A-Za-z]+|./gu;

/** The parts of a pattern; null where it lacks year or month, names one twice, or holds other Latin letters. */
export function parseDatePattern(pattern: string, needsDay: boolean): readonly Part[] | null {
  const parts = (pattern.match(tokens) ?? []).map(partOf);
  const times = (kind: Part["kind"]): number => parts.filter((part) => part?.kind === kind).length;
  const days = times("day");
  const isComplete = times("year") === 1 && times("month") === 1 && (needsDay ? days === 1 : days <= 1);
  return isComplete && parts.every((part) => part !== null) ? parts : null;
}

function partOf(text: string): Part | null {
  if (text === "YYYY") return { kind: "year", text, min: 4, max: 4 };
  if (text === "MM" || text === "M") return { kind: "month", text, min: text.length, max: 2 };
  if (text === "DD" || text === "D") return { kind: "day", text, min: text.length, max: 2 };
  if (text === "HH" || text === "mm" || text === "ss" || text.startsWith("S")) {
    return { kind: "zero", text, min: text.length, max: text.length };
  }
  return /^[A-Za-z]/.test(text) ? null : { kind: "literal", text, min: 0, max: 0 };
}

/**
 * Reads a date of this pattern as `YYYYMMDD`, a month as `YYYYMM`; undefined where the text differs or there is no
 * such day. A time other than midnight is refused: it tells of a shifted time zone, and then of the wrong day.
 */
export function dateReader(
  parts: readonly Part[],
  result: "date" | "month",
): (value: string) => string | undefined {
  return (value) => {
    const read = readParts(parts, value);
    if (read === undefined) return undefined;
    const month = `${read.year}${read.month}`;
    // Without a day in the pattern any day serves to check the calendar.
    if (!isDate(`${month}${read.day ?? "01"}`) || !isMonth(month)) return undefined;
    return result === "month" ? month : `${month}${read.day ?? ""}`;
  };
}

interface ReadParts {
  year: string;
  month: string;
  day: string | undefined;
}

function readParts(parts: readonly Part[], value: string): ReadParts | undefined {
  const read: ReadParts = { year: "", month: "", day: undefined };
  let at = 0;
  for (const part of parts) {
    if (part.kind === "literal") {
      if (!value.startsWith(part.text, at)) return undefined;
      at += part.text.length;
      continue;
    }
    const end = endOfDigits(value, at, part.max);
    if (end - at < part.min) return undefined;
    const digits = value.slice(at, end);
    if (part.kind === "zero") {
      if (Number(digits) !== 0) return undefined;
    } else {
      read[part.kind] = digits.padStart(2, "0");
    }
    at = end;
  }
  return at === value.length ? read : undefined;
}

function endOfDigits(value: string, from: number, max: number): number {
  let at = from;
  while (at < from + max && value.charCodeAt(at) >= 0x30 && value.charCodeAt(at) <= 0x39) at += 1;
  return at;
}
