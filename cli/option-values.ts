import { InvalidArgumentError } from "commander";
import { type ErrorCode, isErrorCode } from "../contracts/errors.ts";

/** Parsers of option values; what they refuse becomes USAGE_INVALID with the option's name. */
export function wholeNumber(value: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(value)) throw new InvalidArgumentError("");
  return Number(value);
}

export function partitionNumber(value: string): number {
  if (!/^(0|[1-9][0-9]{0,5})$/.test(value)) throw new InvalidArgumentError("");
  return Number(value);
}

/** The number of a run, kept as text: it is a bigint in the database. */
export function runId(value: string): string {
  if (!/^[1-9][0-9]{0,17}$/.test(value)) throw new InvalidArgumentError("");
  return value;
}

export function provinceCode(value: string): string {
  if (!/^[1-9][0-9]$/.test(value)) throw new InvalidArgumentError("");
  return value;
}

/** Options that may be given several times. */
export function collected(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

export function errorCode(value: string): ErrorCode {
  if (!isErrorCode(value)) throw new InvalidArgumentError("");
  return value;
}

export function errorCodes(value: string, earlier: readonly ErrorCode[] | undefined): readonly ErrorCode[] {
  return [...(earlier ?? []), errorCode(value)];
}
