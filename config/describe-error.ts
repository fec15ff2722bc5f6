import { DuijieError, type ErrorCode, type ErrorParams } from "../contracts/errors.ts";
import { type Finding, FindingsError } from "../contracts/finding.ts";
import type { Texts } from "../contracts/texts.ts";

/** An error as a person reads it, in the language of the texts. */
export interface ErrorDescription {
  readonly code: ErrorCode;
  /** What was found, and where. */
  readonly what: string;
  /** What to do next. */
  readonly remedy: string;
  /** One line for each fault of a file, and what else is known of the place. */
  readonly details: readonly string[];
}

/**
 * Total: an error that is not ours becomes INVARIANT_BROKEN with the name of its class alone, as its message may quote
 * a row.
 */
export function describeError(error: unknown, texts: Texts): ErrorDescription {
  const { code, params } = error instanceof DuijieError ? error : foreign(error);
  const what = `errors.${code}.what`;
  const remedy = `errors.${code}.remedy`;
  const hint = reasonText(params, texts);
  const findings = error instanceof FindingsError ? error.findings : [];
  const said = new Set([...placeholders(what, texts), ...placeholders(remedy, texts)]);
  return {
    code,
    what: hint === "" ? textOf(what, params, texts) : `${textOf(what, params, texts)} ${hint}`,
    remedy: textOf(remedy, params, texts),
    details: [...findings.map((finding) => describeFinding(finding, texts)), ...others(params, said)],
  };
}

/** One fault of a file. */
export function describeFinding(finding: Finding, texts: Texts): string {
  return textOf(finding.key, finding.params, texts);
}

function foreign(error: unknown): { readonly code: ErrorCode; readonly params: ErrorParams } {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  const errorClass = /^[A-Za-z_$][A-Za-z0-9_$]{0,60}$/.test(name) ? name : "Error";
  return { code: "INVARIANT_BROKEN", params: { errorClass } };
}

/** Some reasons and SQLSTATEs are so common that they have a sentence of their own. */
function reasonText(params: ErrorParams, texts: Texts): string {
  const reasons = [params["reason"], params["sqlState"]];
  const keys = reasons
    .filter((reason) => reason !== undefined && reason !== "")
    .map((reason) => `errors.reason.${reason}`);
  return keys.map((key) => textOrEmpty(key, texts)).find((text) => text !== "") ?? "";
}

function textOrEmpty(key: string, texts: Texts): string {
  try {
    return texts(key);
  } catch (error) {
    if (error instanceof DuijieError && error.params["key"] === key) return "";
    throw error;
  }
}

/** What the sentences have no place for. */
function others(params: ErrorParams, said: ReadonlySet<string>): readonly string[] {
  const pairs = Object.entries(params).filter(([name, value]) => !said.has(name) && value !== "");
  return pairs.length === 0 ? [] : [pairs.map(([name, value]) => `${name}=${plain(value)}`).join(", ")];
}

const placeholder = /\{\{\s*(\w+)\s*\}\}/g;

function placeholders(key: string, texts: Texts): readonly string[] {
  return [...texts(key).matchAll(placeholder)].map(([, name]) => name ?? "");
}

const bracketed = /\[([^[\]]*\{\{\s*\w+\s*\}\}[^[\]]*)\]/g;

/**
 * A text with its parameters. A part in square brackets is left out where one of its parameters was not given, so
 * that a sentence is whole whatever is known; a parameter outside of brackets becomes a dash.
 */
function textOf(key: string, params: ErrorParams, texts: Texts): string {
  const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== ""));
  const fill = (text: string): string =>
    text.replace(placeholder, (_, name: string) =>
      Object.hasOwn(given, name) ? plain(given[name] ?? "") : "–",
    );
  const isGiven = (part: string): boolean =>
    [...part.matchAll(placeholder)].every(([, name]) => name !== undefined && Object.hasOwn(given, name));
  return fill(texts(key).replace(bracketed, (_, part: string) => (isGiven(part) ? part : "")));
}

const valueLengthMax = 300;

/** File and table names come from outside: nothing in them may steer a terminal. */
function plain(value: string | number): string {
  const text = String(value).replace(/\p{Cc}+/gu, " ");
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}…` : text;
}
